import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { fingerprintOf, formatLock, type LockedVersion } from "../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import { type CheckedProject, createCheckedProject, summarize } from "../../../support/check-project.ts";

const require = createRequire(import.meta.url);
// The library that the SARIF package itself validates with: the schema is of an older draft than our own ajv reads.
const ofSarif = createRequire(require.resolve("@microsoft/jest-sarif"));
const Ajv: new (
  options: object,
) => { addMetaSchema(schema: unknown): void; compile(schema: unknown): Validate } = ofSarif("ajv");
interface Validate {
  (value: unknown): boolean;
  readonly errors: unknown;
}
const sarifSchema: unknown = JSON.parse(
  readFileSync(
    require
      .resolve("@microsoft/jest-sarif/package.json")
      .replace("package.json", "lib/schemas/sarif-2.1.0-rtm.5.json"),
    "utf8",
  ),
);

const event = (fields: string, more = ""): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
message OrderPlaced {
  option (keryx.v1.event) = {
    topic: "orders"
    retry: { delays: ["1s"] }
  };
${fields}
}
${more}`;
const one = "  string id = 1;\n  int64 total = 2;";
const path = "schemas/shop.proto";

describe("keryx check", () => {
  let project: CheckedProject;
  before(async () => {
    project = await createCheckedProject({ [path]: event(one) });
    await project.release();
    project.commit();
  });
  afterEach(() => project.write({ [path]: event(one) }));

  const breakIt = (): Promise<void> =>
    project.write({ [path]: event("  string id = 1;\n  string total = 2;").replace('["1s"]', "[]") });

  it("says yes with exit code 0 and prints no data in text when nothing is wrong", async () => {
    const { exit, out, note } = await project.run("check");
    expect([exit, out]).to.deep.equal([0, ""]);
    expect(note).to.equal("Compared 1 event with schemas.lock.json.\n0 errors, 0 warnings\n");
  });

  it("tells each incompatible difference with subject, version, kind, path, place, verdicts, level and advice", async () => {
    await breakIt();
    const { exit, findings } = await project.check();
    expect(exit).to.equal(3);
    const found = findings.find(({ rule }) => rule === "registry-incompatible");
    expect(found).to.deep.include({
      severity: "error",
      file: path,
      line: 10,
      column: 3,
      event: "shop.v1.OrderPlaced",
      subject: "orders-value",
      against: 1,
      kind: "FIELD_SCALAR_KIND_CHANGED",
      path: "#/OrderPlaced/2",
      verdicts: { registry: false, wire: false },
      level: "BACKWARD",
      dialect: "confluent-8",
    });
    expect(found?.message).to.include("confluent-8").and.include("BACKWARD").and.include("version 1");
    expect(found?.advice).to.match(/new number\. No level but NONE takes the change\.$/);
    expect(findings.some(({ rule }) => rule === "wire-unsafe")).to.equal(true);
  });

  it("names the strongest level that would take a change", async () => {
    await project.write({
      [path]: event("  string id = 1;\n  int64 total = 2;\n  oneof how { string card = 3; }", ""),
    });
    await project.release();
    const grown = event(
      "  string id = 1;\n  int64 total = 2;\n  oneof how { string card = 3; string cash = 4; }",
    );
    await project.write({ [path]: grown.replace('topic: "orders"', 'topic: "orders" compatibility: FULL') });
    const { findings } = await project.check();
    expect(findings.map(({ kind }) => kind)).to.include("ONEOF_FIELD_REMOVED");
    expect(findings[0]?.advice).to.match(
      /The strongest level that takes the change is BACKWARD_TRANSITIVE\.$/,
    );
    expect(findings[0]?.verdicts).to.deep.equal({ registry: false, wire: true });
    await project.write({ "schemas.lock.json": project.git("show", "HEAD:schemas.lock.json") });
  });

  it("prints old and new side by side in text, with the place, the reason and the advice", async () => {
    await breakIt();
    const { exit, out } = await project.run("check", "--against", "git:HEAD");
    expect(exit).to.equal(3);
    expect(out).to.match(/^schemas\/shop\.proto:10:3 error registry-incompatible shop\.v1\.OrderPlaced$/m);
    expect(out).to.match(/int64 total = 2; +│ 10 string total = 2;/);
    expect(out).to.match(/old version 1, line \d+ +│ new schemas\/shop\.proto:10$/m);
    expect(out).to.include("retry-emptied");
  });

  it("prints SARIF that its schema takes, with places from the repository's root", async () => {
    await breakIt();
    const { exit, out } = await project.check({ format: "sarif" });
    expect(exit).to.equal(3);
    const log = JSON.parse(out);
    const ajv = new Ajv({ schemaId: "auto", unknownFormats: "ignore" });
    ajv.addMetaSchema(ofSarif("ajv/lib/refs/json-schema-draft-04.json"));
    const validate = ajv.compile(sarifSchema);
    expect(validate(log), JSON.stringify(validate.errors)).to.equal(true);
    const [run] = log.runs;
    expect(run.results[0]).to.deep.include({ ruleId: "retry-emptied", level: "warning" });
    expect(run.tool.driver.rules[run.results[1].ruleIndex].id).to.equal(run.results[1].ruleId);
    expect(run.results[1].locations[0].physicalLocation).to.deep.equal({
      artifactLocation: { uri: path, uriBaseId: "%SRCROOT%" },
      region: { startLine: 10, startColumn: 3 },
    });
    expect(validate({ ...log, version: "2.0" })).to.equal(false);
  });

  it("prints workflow commands for GitHub", async () => {
    await breakIt();
    const { out } = await project.check({ format: "github" });
    const [first = "", second = ""] = out.split("\n");
    expect(first).to.match(
      /^::warning file=schemas\/shop\.proto,line=5,col=10,title=retry-emptied shop\.v1\.OrderPlaced::.*%0AKeep at least one delay\.$/,
    );
    expect(second).to.match(/^::error file=schemas\/shop\.proto,line=10,col=3,title=registry-incompatible /);
  });

  it("takes warnings for a no only with --strict", async () => {
    await project.write({ [path]: event(one).replace('["1s"]', "[]") });
    const mild = await project.check();
    expect([mild.exit, JSON.parse(mild.out).ok]).to.deep.equal([0, true]);
    const strict = await project.check({ strict: true });
    expect([strict.exit, JSON.parse(strict.out).ok]).to.deep.equal([3, false]);
  });

  it("puts lint findings first, and compares nothing while there is a lint error", async () => {
    await project.write({ [path]: event(one).replace('"orders"', '"no topic"') });
    const wrong = await project.check();
    expect([wrong.exit, summarize(wrong.findings)]).to.deep.equal([
      3,
      ["topic-invalid schemas/shop.proto:6:5"],
    ]);
    await project.write({ [path]: event("syntax error") });
    expect((await project.check()).findings[0]?.rule).to.equal("schema-syntax");
  });

  it("counts the events that have nothing to be compared with", async () => {
    await project.write({
      "schemas/new.proto": event(one).replace("OrderPlaced", "OrderLost").replace('"orders"', '"lost"'),
    });
    const { exit, note } = await project.run("check");
    expect(exit).to.equal(0);
    expect(note).to.include(
      "Compared 2 events with schemas.lock.json; 1 without a version there: nothing to compare until `keryx lock release`",
    );
    await project.write({ "schemas/new.proto": undefined });
  });

  it("finds a lock file that was edited by hand, at the place of the edit", async () => {
    const lock = project.git("show", "HEAD:schemas.lock.json");
    for (const [old, now] of [
      ["int64 total = 2;", "int32 total = 2;"],
      ['"topic": "orders"', '"topic": "elsewhere"'],
    ] as const) {
      expect(lock).to.include(old);
      await project.write({ "schemas.lock.json": lock.replace(old, now) });
      const { exit, findings } = await project.check();
      expect(exit).to.equal(3);
      expect(summarize(findings)[0]).to.match(/^lock-invalid schemas\.lock\.json:\d+:\d+$/);
    }
    await project.write({ "schemas.lock.json": lock });
  });

  it("follows a difference into the file of a nested Avro type, and into another file to where it is used", async () => {
    const money = (type: string): string =>
      `{\n  "type": "record", "name": "Money", "namespace": "n",\n  "fields": [\n    { "name": "units", "type": "${type}" }\n  ]\n}\n`;
    const paid = (type: string): string => `{
  "type": "record",
  "name": "Paid",
  "namespace": "n",
  "keryx": { "topic": "paid" },
  "fields": [
    { "name": "price", "type": "Money" },
    { "name": "lines", "type": { "type": "array", "items": {
      "type": "record", "name": "Line", "fields": [
        { "name": "count", "type": "${type}" }
      ] } } }
  ]
}
`;
    const other = await createCheckedProject({
      "schemas/money.avsc": money("int"),
      "schemas/paid.avsc": paid("int"),
    });
    await other.release();
    await other.write({ "schemas/money.avsc": money("string"), "schemas/paid.avsc": paid("string") });
    const { findings } = await other.check();
    const places = findings
      .filter(({ rule }) => rule === "registry-incompatible")
      .map(({ path, file, line }) => `${path} ${file}:${line}`);
    expect(places).to.deep.equal([
      "/fields/0/type/fields/0/type schemas/paid.avsc:7",
      "/fields/1/type/items/fields/0/type schemas/paid.avsc:10",
    ]);
  });

  it("shows an old field that the new schema no longer has", async () => {
    await project.write({ [path]: event("  string id = 1;") });
    const { exit, out } = await project.run("check");
    expect(exit).to.equal(3);
    expect(out).to.match(/NUMBER_NOT_RESERVED/);
    expect(out).to.match(/int64 total = 2; +│ +\(nothing there\)$/m);
  });

  it("shows texts that two findings share once", async () => {
    await breakIt();
    const { findings } = await project.check();
    expect(findings.filter(({ path }) => path === "#/OrderPlaced/2")).to.have.lengthOf(2);
    expect((await project.run("check")).out.match(/int64 total = 2; +│/g)).to.have.lengthOf(1);
  });

  for (const args of [
    ["--against", "nothing"],
    ["--against", "git:"],
    ["--against", "git:a\nb"],
    ["--against", "registry:"],
    ["--against", "registry:not a url"],
    ["--against", "Lock"],
    ["--format", "xml"],
    ["--nonsense"],
  ])
    it(`takes ${JSON.stringify(args.join(" "))} for wrong usage`, async () => {
      const { exit, out, note } = await project.run("check", ...args);
      expect([exit, out]).to.deep.equal([2, ""]);
      expect(note).to.match(/^error \[usage\]/);
    });

  it("refuses a dialect that it has no rules for", async () => {
    await project.write({ "keryx.yaml": "registry:\n  url: http://localhost\n  dialect: confluent-99\n" });
    const { exit, note } = await project.run("check");
    expect(exit).to.equal(2);
    expect(note).to.include("confluent-99").and.include("confluent-head");
    await project.write({ "keryx.yaml": "clientId: test\n" });
  });

  it("prints an error as JSON where JSON was asked for, and exits 1 when it could not tell", async () => {
    const { exit, out } = await project.run("check", "--against", "git:nowhere", "--format", "json");
    expect(exit).to.equal(1);
    expect(JSON.parse(out).error.code).to.equal("baseline_unavailable");
  });

  describe("with a version that cannot be parsed", () => {
    const lockWith = (change: (versions: readonly LockedVersion[]) => readonly LockedVersion[]): string => {
      const { lock } = parseLock(project.git("show", "HEAD:schemas.lock.json"), "");
      const entry = lock.events.get("shop.v1.OrderPlaced");
      if (entry === undefined) throw new Error("no event");
      const changed = { ...entry, versions: change(entry.versions) };
      return formatLock({ events: new Map([["shop.v1.OrderPlaced", changed]]) });
    };
    const spoil = (version: LockedVersion): LockedVersion => {
      const schema = "message {";
      return { ...version, schema, fingerprint: fingerprintOf(schema) };
    };
    afterEach(() => project.write({ "schemas.lock.json": project.git("show", "HEAD:schemas.lock.json") }));

    it("cannot tell", async () => {
      await project.write({ "schemas.lock.json": lockWith((versions) => versions.map(spoil)) });
      const { exit, note } = await project.run("check");
      expect(exit).to.equal(1);
      expect(note).to.include("Version 1 of orders-value cannot be parsed");
    });

    it("does not even read it while the event is as it was released last", async () => {
      await project.write({
        "schemas.lock.json": lockWith((versions) => [...versions.map(spoil), ...versions]),
      });
      const { findings } = await project.check();
      expect(findings.map(({ rule }) => rule)).to.deep.equal(["lock-edited"]);
      await project.write({ [path]: event("  string id = 1;") });
      expect((await project.run("check")).exit).to.equal(1);
    });
  });
});

describe("hostile texts in the output of keryx check", () => {
  // Names are identifiers, so what is hostile comes in by option values, comments and symbols of older versions.
  const topic = "orders\u001b[31m%0A::error file=x::gone,\u202e\r\n##[add-mask]";
  const avro = (type: string, doc: string): string =>
    JSON.stringify(
      {
        type: "record",
        name: "A",
        namespace: "n",
        doc,
        keryx: { topic: "orders", type, deadLetter: "gone" },
        fields: [{ name: "id", type: "string" }],
      },
      null,
      2,
    );

  it("stay data: no control character, no second command, no link", async () => {
    const project = await createCheckedProject({
      "schemas/a.avsc": avro(topic.replaceAll(/[\p{C}]/gu, " "), ""),
    });
    project.commit();
    await project.write({ "schemas/a.avsc": avro("other", "\u001b]8;;http://evil\u0007") });
    const lines = async (format?: string): Promise<readonly string[]> => {
      const { out } = await project.check({ against: "git:HEAD", ...(format ? { format } : {}) });
      return out.trimEnd().split("\n");
    };
    const github = await lines("github");
    expect(github).to.have.length(1);
    expect(github[0]).to.match(/^::error file=schemas\/a\.avsc,/);
    expect(github[0]).to.include("%250A");
    for (const format of ["text", "json", "sarif", "github"])
      expect((await lines(format)).join(""), format).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});
