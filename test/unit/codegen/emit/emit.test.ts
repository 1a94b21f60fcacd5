import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { checkProject, type EmitRequest, writeProject } from "../../../../codegen/emit/emit.ts";
import { manifestPath, parseManifest } from "../../../../codegen/emit/manifest.ts";
import { generateMessages, type PrintMessages } from "../../../../codegen/emit/protobuf/messages.ts";
import { findPlugin } from "../../../../codegen/emit/protobuf/plugin.ts";
import { createWarmPlugin } from "../../../../codegen/emit/warm-plugin.ts";
import { loadModel } from "../../../../codegen/index.ts";
import type { ProjectModel } from "../../../../codegen/model/model.ts";
import { parseAvro } from "../../../../src/schema/avro.ts";
import { printTypes, repository } from "../../../support/generated-code.ts";
import { tortureModel } from "../../../support/torture.ts";
import { cpuTimeMs } from "../../schema/cpu-time.ts";

function textsOf(root: string): ReadonlyMap<string, string> {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.(ts|json)$/.test(path),
  );
  return new Map(
    paths.sort().map((path) => [path.replaceAll("\\", "/"), readFileSync(join(root, path), "utf8")]),
  );
}

describe("generating a project", function () {
  this.timeout(60_000);
  let model: ProjectModel;
  let inputs: ReadonlyMap<string, string>;
  let folder: string;
  let pluginRuns: number;

  const request = (changes: Partial<EmitRequest> = {}): EmitRequest => ({
    model,
    projectRoot: repository,
    outputRoot: join(folder, "out"),
    generator: "keryx test",
    origin: "",
    inputs,
    extension: "ts",
    printMessages(messages) {
      pluginRuns += 1;
      return generateMessages(messages);
    },
    ...changes,
  });

  before(async () => {
    ({ model } = await loadModel({ root: repository, schemas: "schemas", settings: {} }));
    const schemas = textsOf(join(repository, "schemas"));
    inputs = new Map([...schemas, ["users/v1/x.proto", "message X {}\n"]]);
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keryx-emit-"));
    pluginRuns = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives the same bytes elsewhere, in another locale and order, and from a checkout with other line ends", async () => {
    await writeProject(request());
    const first = textsOf(join(folder, "out"));
    const { LANG, cwd } = { LANG: process.env["LANG"], cwd: process.cwd() };
    process.env["LANG"] = "tr_TR.UTF-8";
    process.chdir(folder);
    try {
      const crlf = new Map(
        [...inputs].reverse().map(([path, text]) => [path, text.replaceAll("\n", "\r\n")]),
      );
      await writeProject(request({ outputRoot: join(folder, "elsewhere"), inputs: crlf }));
    } finally {
      process.chdir(cwd);
      if (LANG === undefined) delete process.env["LANG"];
      else process.env["LANG"] = LANG;
    }
    expect(textsOf(join(folder, "elsewhere"))).deep.equals(first);
    for (const [path, text] of first) {
      expect(text, path).not.contains(folder).and.not.contains(repository).and.not.contains("\r");
      if (path !== "index.ts") expect(text, path).not.contains(`${new Date().getFullYear()}-`);
    }
  });

  it("prints Protobuf messages once, without our options, and not again while nothing changed", async () => {
    await writeProject(request());
    expect(pluginRuns).equals(1);
    expect(await writeProject(request())).deep.equals({
      written: [],
      deleted: [],
      overwritten: [],
      left: [],
    });
    expect(await checkProject(request())).deep.equals([]);
    expect(pluginRuns).equals(1);
    const messages = readFileSync(join(folder, "out", "orders/v1/order_placed_pb.ts"), "utf8");
    expect(messages).not.contains("keryx/v1/options").and.not.contains("order-events-dlq");
    const withText = (path: string, text: string) => request({ inputs: new Map([...inputs, [path, text]]) });
    // A file that no other one imports is no reason to print those.
    await writeProject(withText("users/v1/x.proto", "message Y {}\n"));
    expect(pluginRuns).equals(1);
    await writeProject(withText("orders/v1/order_placed.proto", "message Y {}\n"));
    expect(pluginRuns).equals(2);
  });

  it("prints everything again for another version of the generator or other import endings", async () => {
    await writeProject(request());
    expect((await writeProject(request({ generator: "keryx next" }))).written).deep.equals([manifestPath]);
    expect(pluginRuns).equals(2);
    const result = await writeProject(request({ generator: "keryx next", extension: "js" }));
    expect(result.written.length).greaterThan(10);
    const topic = readFileSync(join(folder, "out", "topics/order-events.ts"), "utf8");
    expect(topic).contains('from "../orders/v1/order_placed_events.js"').and.not.contains('.ts"');
  });

  it("restores a file that was edited or lost, and says so when only checking", async () => {
    await writeProject(request());
    rmSync(join(folder, "out", "topics"), { recursive: true });
    const differences = await checkProject(request());
    expect(differences.map(({ kind }) => kind)).deep.equals(model.topics.map(() => "missing"));
    expect((await writeProject(request())).written).has.length(model.topics.length);
  });

  it("lists inputs and files, and no reason where every event's codec is straight-line code", async () => {
    await writeProject(request());
    const manifest = parseManifest(readFileSync(join(folder, "out", manifestPath), "utf8"));
    expect([...manifest.inputs.keys()]).deep.equals([...inputs.keys()].sort());
    expect([...manifest.fallbacks]).deep.equals([]);
  });

  it("works without any Protobuf file, and then starts no plugin", async () => {
    await writeProject(request({ model: tortureModel(), inputs: new Map() }));
    expect(pluginRuns).equals(0);
  });

  it("prints the same messages by a plugin that stays loaded, and by a process where it cannot be loaded", async () => {
    await writeProject(request());
    const own = findPlugin(repository)?.path ?? "";
    const foreign = join(folder, "plugin.cjs");
    writeFileSync(foreign, `require(${JSON.stringify(own)});\n`);
    const warm = createWarmPlugin();
    for (const [out, path] of [
      ["loaded", own],
      ["again", own],
      ["foreign", foreign],
    ] as const) {
      const printMessages: PrintMessages = (messages) =>
        warm({ ...messages, plugin: { ...messages.plugin, path } });
      const { execPath } = process;
      // What is loaded starts no process.
      if (path === own) process.execPath = join(folder, "no-such-node");
      try {
        await writeProject(request({ outputRoot: join(folder, out), printMessages }));
      } finally {
        process.execPath = execPath;
      }
      expect(textsOf(join(folder, out)), out).deep.equals(textsOf(join(folder, "out")));
    }
  });

  it("names what cannot be run as a failure of the generator", async () => {
    // As an installation that lost its files: a program that says something else, and one that is not there.
    const talker = join(folder, "talker.mjs");
    writeFileSync(talker, "process.stdin.resume(); console.log('no message'); process.exitCode = 1;\n");
    for (const path of [talker, join(folder, "no-such-plugin.mjs")]) {
      const broken = request({
        printMessages: (messages) => generateMessages({ ...messages, plugin: { ...messages.plugin, path } }),
      });
      const thrown = await writeProject(broken).catch((error: unknown) => error);
      expect(thrown).property("code", "generate_failed");
      expect(thrown).property("message").contains("protoc-gen-es");
    }
  });
});

describe("a project of its own", function () {
  this.timeout(60_000);

  it("reaches keys, ids and times in nested fields", async () => {
    const root = mkdtempSync(join(tmpdir(), "keryx-nested-"));
    try {
      mkdirSync(join(root, "schemas/keryx/v1"), { recursive: true });
      cpSync(
        join(repository, "schemas/keryx/v1/options.proto"),
        join(root, "schemas/keryx/v1/options.proto"),
      );
      writeFileSync(join(root, "schemas/nested.proto"), nestedProto);
      writeFileSync(join(root, "schemas/nested.avsc"), nestedAvro);
      const { model, diagnostics } = await loadModel({ root, schemas: "schemas", settings: {} });
      expect(diagnostics.filter(({ severity }) => severity === "error")).deep.equals([]);
      const outputRoot = join(root, "out");
      await writeProject({
        ...{
          model,
          projectRoot: repository,
          outputRoot,
          generator: "keryx test",
          origin: "",
          inputs: new Map(),
        },
      });
      const proto = readFileSync(join(outputRoot, "nested_events.ts"), "utf8");
      expect(proto).contains('key: (value) => value.head?.number?.toString() ?? ""');
      expect(proto).contains('id: (value) => value.head?.id ?? ""');
      expect(proto).contains("time: (value) => timestampMs(value.head?.at)");
      const avro = readFileSync(join(outputRoot, "n/v1/shipped.ts"), "utf8");
      expect(avro).contains("key: (value) => String(value.number)");
      expect(avro).contains("time: (value) => millisecondsOf(value.at, 1000n)");
      const topic = readFileSync(join(outputRoot, "topics/nested.ts"), "utf8");
      expect(topic).contains("@deprecated");
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it("takes no more than its share when a type doubles in size", async () => {
    const timeOf = (count: number): number => {
      const fields = Array.from({ length: count }, (_, at) => ({
        name: `f${at}`,
        type: ["null", "string"],
        default: null,
      }));
      const { named } = parseAvro(JSON.stringify({ type: "record", name: "Wide", fields }));
      return cpuTimeMs(() => printTypes(named.values()));
    };
    // The least of three: what a collection of garbage takes is more than the work itself.
    const least = (count: number): number => Math.min(timeOf(count), timeOf(count), timeOf(count));
    timeOf(1000);
    const [small, large] = [least(1000), least(4000)];
    // Four times the size; quadratic work would take sixteen times as long.
    expect(large / small).lessThan(9);
  });
});

const nestedProto = `syntax = "proto3";
package nested;
import "keryx/v1/options.proto";
import "google/protobuf/timestamp.proto";
message Head { string id = 1; int64 number = 2; google.protobuf.Timestamp at = 3; }
message Placed {
  option deprecated = true;
  option (keryx.v1.event) = { topic: "nested" key: "head.number" id: "head.id" time: "head.at" };
  Head head = 1;
}
`;
const nestedAvro = JSON.stringify({
  type: "record",
  name: "Shipped",
  namespace: "n.v1",
  keryx: { topic: "shipped", key: "number", time: "at" },
  fields: [
    { name: "number", type: "long" },
    { name: "at", type: { type: "long", logicalType: "timestamp-micros" } },
  ],
});

describe("the documentation of what is generated", () => {
  it("carries a schema's comments, deprecation and sensitive marks to producers and handlers", () => {
    const topic = readFileSync(join(repository, "generated/topics/order-events.ts"), "utf8");
    expect(topic).contains("A customer placed an order.").and.contains("@sensitive customerEmail");
    const event = readFileSync(join(repository, "generated/payments/v1/payment-captured.ts"), "utf8");
    expect(event).contains("Name on the card or account.").and.contains("@sensitive");
  });

  it("knows a sensitive field by a mark at a part of its type, too", async () => {
    const text = { type: "string", keryx: { sensitive: true } };
    const fields = [{ name: "notes", type: { type: "map", values: ["null", text] } }];
    const { named } = parseAvro(JSON.stringify({ type: "record", name: "Memo", fields }));
    const files = await printTypes(named.values());
    expect(files.find(({ path }) => path === "memo.ts")?.text).matches(/@sensitive \*\/\s+readonly notes:/);
  });
});
