import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  emptyLock,
  fingerprintOf,
  formatLock,
  type Lock,
  updateLock,
} from "../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import { buildTree } from "../../../support/schema-tree.ts";

const file = "schemas.lock.json";
const head = 'syntax = "proto3";\npackage a.v1;\nimport "keryx/v1/options.proto";\n';

const shared = 'syntax = "proto3";\npackage s;\nmessage S { string x = 1 [deprecated = true]; }\n';
const files = {
  "s.proto": shared,
  "a.proto": `${head}import "s.proto";\nmessage A {\n  option (keryx.v1.event) = { type: "a" topic: "t" key: "k" id: "k" owner: "me \\u2028" };\n  string k = 1 [(keryx.v1.field).sensitive = true];\n  s.S s = 2;\n}\n`,
  "b.avsc": JSON.stringify({
    type: "record",
    name: "a.v1.B",
    keryx: { topic: "u", ordered: true },
    fields: [],
  }),
};

const lockOf = async (given: Readonly<Record<string, string>>, from: Lock = emptyLock): Promise<Lock> =>
  updateLock(from, (await buildTree(given, {}, from)).model);

/** What a release does: the draft becomes a version, and its promises the baseline. */
function release(lock: Lock): Lock {
  const events = [...lock.events].map(([name, entry]) => {
    if (entry.draft === undefined) return [name, entry] as const;
    const { schema, ...released } = entry.draft;
    const version = {
      ...schema,
      id: 7,
      version: entry.versions.length + 1,
      guid: "095d71cf-1255-6b9d-5e33-0ad575b3df5d",
    };
    return [name, { ...entry, released, versions: [...entry.versions, version] }] as const;
  });
  return { events: new Map(events) };
}

describe("the lock file", () => {
  it("comes back from its text as it was, drafts, versions and references alike", async () => {
    for (const lock of [
      emptyLock,
      await lockOf(files),
      release(await lockOf(files)),
      release(release(await lockOf(files))),
    ]) {
      const text = formatLock(lock);
      const { lock: read, diagnostics } = parseLock(text, file);
      expect(diagnostics).to.deep.equal([]);
      expect(formatLock(read)).to.equal(text);
      expect([...read.events]).to.deep.equal([...lock.events].sort());
    }
  });

  it("has the same text as ever", async () => {
    const path = join(import.meta.dirname, "../../../golden/lock/schemas.lock.json");
    const lock = release(await lockOf(files));
    const text = formatLock(lock);
    // To accept a change: KERYX_UPDATE_GOLDEN=1, then read the difference.
    if (process.env["KERYX_UPDATE_GOLDEN"]) await writeFile(path, text);
    const golden = (await readFile(path, "utf8")).replaceAll("\r\n", "\n");
    expect(text).to.equal(golden);
    expect(parseLock(golden, file).diagnostics).to.deep.equal([]);
  });

  it("holds format, subject, policy, fingerprint, index and wire schema of each event, sorted by name", async () => {
    const lock = await lockOf(files);
    expect([...lock.events.keys()]).to.deep.equal(["a.v1.A", "a.v1.B"]);
    const draft = lock.events.get("a.v1.A")?.draft;
    expect(draft?.policy).to.deep.equal({
      ...{ type: "a", topic: "t", key: "k", id: "k", compatibility: "BACKWARD" },
      ...{ retry: { delaysMs: [1000, 10_000, 60_000] }, deadLetter: "t-dlq", ordered: false },
      ...{ owner: "me \u2028", sensitive: ["k"] },
    });
    expect(draft).to.include({ format: "protobuf", subject: "t-value" });
    expect(draft?.schema.index).to.deep.equal([0]);
    expect(draft?.schema.fingerprint).to.equal(fingerprintOf(draft?.schema.schema ?? ""));
    expect(draft?.schema.references.map((one) => one.name)).to.deep.equal(["s.proto"]);
    expect(draft?.schema.schema).not.to.contain("keryx");
  });

  it("is the same text for every order of files and line end", async () => {
    const reversed = Object.fromEntries(Object.entries(files).reverse());
    const crlf = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, text.replaceAll("\n", "\r\n")]),
    );
    const text = formatLock(await lockOf(files));
    expect(formatLock(await lockOf(reversed))).to.equal(text);
    expect(formatLock(await lockOf(crlf))).to.equal(text);
    expect(text.endsWith("}\n")).to.equal(true);
    expect(text).not.to.contain("\r");
  });

  it("names the versions of imports, and what a version keeps of an earlier subject and format", async () => {
    const released = release(await lockOf(files));
    const entry = released.events.get("a.v1.A");
    const [version] = entry?.versions ?? [];
    if (entry === undefined || version === undefined) throw new Error("nothing was released");
    const references = version.references.map((one) => ({ ...one, version: 3 }));
    const moved = { ...version, subject: "old-value", format: "avro" as const, references };
    const lock: Lock = { events: new Map([["a.v1.A", { ...entry, versions: [moved, version] }]]) };
    const text = formatLock(lock);
    expect(text).to.contain('"version": 3');
    expect(parseLock(text, file)).to.deep.equal({ lock, diagnostics: [] });
  });

  it("takes the keys of a block in any order: only what they say is sealed", async () => {
    const text = formatLock(release(await lockOf(files)));
    const turn = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (Array.isArray(value)) return value.map(turn);
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, inner]) => [key, turn(inner)] as const)
          .reverse(),
      );
    };
    const turned = JSON.stringify(turn(JSON.parse(text)));
    const { lock, diagnostics } = parseLock(turned, file);
    expect(diagnostics).to.deep.equal([]);
    expect(formatLock(lock)).to.equal(text);
  });

  it("says at the line of a merge conflict how to go on", async () => {
    const text = formatLock(release(await lockOf(files)));
    for (const marker of ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"])
      for (const end of ["\n", "\r\n"]) {
        const lines = text.split("\n");
        const torn = [...lines.slice(0, 4), marker, ...lines.slice(4)].join(end);
        const [found] = parseLock(torn, file).diagnostics;
        expect(found).to.include({ rule: "lock-invalid", line: 5 });
        expect(found?.help).to.contain("keryx lock merge");
      }
  });

  it("changes only in its drafts when schemas change", async () => {
    const released = release(await lockOf(files));
    const changed = {
      ...files,
      "a.proto": files["a.proto"]
        .replace('type: "a"', 'type: "z"')
        .replace("s.S s = 2", "string z = 9; s.S s = 2"),
    };
    const after = await lockOf(changed, released);
    const [before, now] = [released.events.get("a.v1.A"), after.events.get("a.v1.A")];
    expect(now?.versions).to.deep.equal(before?.versions);
    expect(now?.released).to.deep.equal(before?.released);
    expect(now?.draft?.policy.type).to.equal("z");
    expect(now?.draft?.schema.schema).to.contain("string z = 9");
  });

  it("keeps what was released of an event that is gone, and forgets one that never was", async () => {
    const lock = await lockOf({ "s.proto": shared }, release(await lockOf(files)));
    expect([...lock.events].map(([name, entry]) => [name, entry.draft, entry.versions.length])).to.deep.equal(
      [
        ["a.v1.A", undefined, 1],
        ["a.v1.B", undefined, 1],
      ],
    );
    expect((await lockOf({ "s.proto": shared }, await lockOf(files))).events.size).to.equal(0);
  });

  const broken: Readonly<Record<string, (text: string) => string>> = {
    "no JSON": (text) => text.slice(0, -3),
    "a merge conflict": (text) => text.replace('"events"', '<<<<<<< ours\n"events"'),
    "an unknown version of the file": (text) => text.replace('"lockVersion": 1', '"lockVersion": 2'),
    "no version of the file": (text) => text.replace('"lockVersion": 1,', ""),
    "events that are a list": () => '{ "lockVersion": 1, "events": [] }',
    "a schema edited by hand": (text) =>
      text.replace("string x = 1", "string y = 1").replace("string k = 1", "string kk = 1"),
    "a fingerprint edited by hand": (text) => text.replace(/"fingerprint": "./, '"fingerprint": "g'),
    "an event that stands twice": (text) => text.replace('"a.v1.B"', '"a.v1.A"'),
    "an event called __proto__ with a dot": (text) => text.replace('"a.v1.B"', '"__proto__.polluted;"'),
    "a key that nobody writes": (text) => text.replace('"format"', '"__proto__": {}, "format"'),
    "a level that does not exist": (text) => text.replace('"BACKWARD"', '"SIDEWARD"'),
    "a delay that is no number": (text) => text.replace("1000", '"1s"'),
    "a negative delay": (text) => text.replace("1000", "-1000"),
    "an id beyond exact numbers": (text) => text.replace('"id": 7', '"id": 99999999999999999999'),
    "a GUID that is none": (text) => text.replace("095d71cf", "095d71cg"),
    "a flag that is text": (text) => text.replace('"ordered": false', '"ordered": "false"'),
    "versions without what was promised": (text) => text.replace('"subject": "t-value",', ""),
    "promises without a version": (text) =>
      text.replace(/"versions": \[[\s\S]*?\n {6}\],/, '"versions": [],'),
    "a level lowered by hand": (text) =>
      text.replace('"compatibility": "BACKWARD"', '"compatibility": "NONE"'),
    "a topic moved by hand": (text) => text.replace('"topic": "t"', '"topic": "z"'),
    "a number changed by hand": (text) => text.replace('"id": 7', '"id": 8'),
    "an index changed by hand": (text) => text.replace(/"index": \[\s*0\s*\]/, '"index": [1]'),
    "an import changed by hand": (text) => text.replace("string x = 1", "string y = 1"),
    "a version added by hand": (text) => {
      const lock = JSON.parse(text);
      const { versions } = lock.events["a.v1.A"];
      versions.push(versions[0]);
      return JSON.stringify(lock);
    },
    "a seal of another event": (text) =>
      text.replace(/"seal": "."/, '"seal": "x"').replace(/"seal": "./, '"seal": "x'),
    "no seal": (text) => text.replace(/"seal": .*\n/, ""),
    "a seal without a version": () =>
      '{ "lockVersion": 1, "events": { "a.A": { "seal": "", "versions": [] } } }',
    "a version of an import that is none": (text) =>
      text.replace('"subject": "s.proto"', '"subject": "s.proto", "version": "1"'),
    "brackets without end": () => "[".repeat(100_000),
    "an empty file": () => "",
  };
  for (const [what, spoil] of Object.entries(broken)) {
    it(`is refused with a place when it has ${what}`, async () => {
      const good = formatLock(release(await lockOf(files)));
      const text = spoil(good);
      expect(text).not.to.equal(good);
      const { lock, diagnostics } = parseLock(text, file);
      expect(lock.events.size).to.equal(0);
      expect(diagnostics.map((one) => [one.rule, one.file])).to.deep.equal([["lock-invalid", file]]);
      expect(diagnostics[0]?.line).to.be.at.least(1);
      expect(diagnostics[0]?.message).not.to.contain("undefined");
    });
  }
});
