import { expect } from "chai";
import { emptyLock, formatLock, updateLock } from "../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import { layersOf, readDeclaration, toDelayMs } from "../../../../codegen/model/policy.ts";
import { buildTree, loadTree } from "../../../support/schema-tree.ts";

const head = 'syntax = "proto3";\npackage a.v1;\nimport "keryx/v1/options.proto";\n';

const at = (): { file: string; line: number; column: number } => ({ file: "a", line: 1, column: 1 });

describe("the options of an event", () => {
  it("are the same JSON in both formats and in both spellings of .proto", async () => {
    const aggregate =
      'type: "a.b" topic: "t" key: "k" id: "i" time: "w" compatibility: FULL_TRANSITIVE retry: { delays: ["1s", "5m"] } dead_letter: "d" owner: "o" ordered: false serialization: BINARY';
    const dotted = [
      'type = "a.b"',
      'topic = "t"',
      'key = "k"',
      'id = "i"',
      'time = "w"',
      "compatibility = FULL_TRANSITIVE",
      'retry = { delays: ["1s", "5m"] }',
      'dead_letter = "d"',
      'owner = "o"',
      "ordered = false",
      "serialization = BINARY",
    ];
    const avro = {
      ...{ type: "a.b", topic: "t", key: "k", id: "i", time: "w", compatibility: "FULL_TRANSITIVE" },
      ...{
        retry: { delays: ["1s", "5m"] },
        deadLetter: "d",
        owner: "o",
        ordered: false,
        serialization: "BINARY",
      },
    };
    const { schemas } = await loadTree({
      "a.proto": `${head}message A { option (keryx.v1.event) = { ${aggregate} }; }\n`,
      "b.proto": `${head}message B {\n${dotted.map((one) => `option (keryx.v1.event).${one};\n`).join("")}}\n`,
      "c.avsc": JSON.stringify({ type: "record", name: "a.v1.C", keryx: avro, fields: [] }),
    });
    const read = schemas.events.map(({ declared }) => readDeclaration(declared));
    expect(read.flatMap((one) => one.diagnostics)).to.deep.equal([]);
    expect(read.map((one) => one.declaration)).to.deep.equal([avro, avro, avro]);
    expect(schemas.events.map((event) => event.declared.json)).to.deep.equal([avro, avro, avro]);
  });

  it("tell an empty list of delays from none, in both formats", async () => {
    const { schemas } = await loadTree({
      "a.proto": `${head}message A { option (keryx.v1.event) = { retry: {} }; }\nmessage B { option (keryx.v1.event) = {}; }\n`,
      "c.avsc": JSON.stringify({ type: "record", name: "a.v1.C", keryx: { retry: {} }, fields: [] }),
      "d.avsc": JSON.stringify({ type: "record", name: "a.v1.D", keryx: {}, fields: [] }),
    });
    const read = schemas.events.map(({ declared }) => readDeclaration(declared).declaration.retry);
    expect(read).to.deep.equal([{ delays: [] }, undefined, { delays: [] }, undefined]);
  });

  it("carry the place of each option in both formats and spellings", async () => {
    const { schemas } = await loadTree({
      "a.proto": `${head}message A {\n  option (keryx.v1.event) = {\n    topic: "t"\n    retry: { delays: ["1s"] }\n  };\n}\n`,
      "b.proto": `${head}message B {\n  option (keryx.v1.event).topic = "t";\n  option (keryx.v1.event).retry.delays = "1s";\n}\n`,
      "c.avsc":
        '{ "type": "record", "name": "a.v1.C", "fields": [],\n  "keryx": {\n    "topic": "t",\n    "retry": {} } }',
    });
    const places = schemas.events.map(({ declared }) =>
      ["topic", "retry", "owner"].map((key) => `${declared.at(key).line}:${declared.at(key).column}`),
    );
    expect(places).to.deep.equal([
      ["6:5", "7:14", "5:10"],
      ["5:3", "6:3", "5:3"],
      ["3:5", "4:5", "2:12"],
    ]);
  });

  for (const [json, rule] of [
    [{ topic: 7 }, "option-invalid"],
    [{ topic: "" }, "option-invalid"],
    [{ compatibility: "full" }, "option-invalid"],
    [{ compatibility: "COMPATIBILITY_UNSPECIFIED" }, "option-invalid"],
    [{ ordered: "no" }, "option-invalid"],
    [{ retry: [] }, "option-invalid"],
    [{ retry: { delays: "1s" } }, "option-invalid"],
    [{ retry: { delays: [1] } }, "option-invalid"],
    [{ retry: { delay: ["1s"] } }, "option-invalid"],
    [{ serialization: "AVRO_JSON" }, "option-invalid"],
    [{ json: "pretty" }, "option-invalid"],
    [{ dead_letter: "x" }, "option-unknown"],
    [{ constructor: "x" }, "option-unknown"],
    [JSON.parse('{ "__proto__": { "topic": "x" } }'), "option-unknown"],
    [[], "option-invalid"],
    ["order.placed", "option-invalid"],
    [null, "option-invalid"],
  ] as const) {
    it(`refuse ${JSON.stringify(json)}`, () => {
      const { declaration, diagnostics } = readDeclaration({ json, at });
      expect(diagnostics.map((one) => one.rule)).to.deep.equal([rule]);
      expect(Object.keys(declaration)).to.deep.equal([]);
    });
  }
});

describe("the serialization", () => {
  const of = async (options: object): Promise<readonly (readonly [unknown, string, string])[]> => {
    const avro = { type: "record", name: "a.v1.C", keryx: { topic: "t", ...options }, fields: [] };
    const { model, diagnostics } = await buildTree({ "c.avsc": JSON.stringify(avro) });
    const found = diagnostics.map(({ rule }) => rule).join();
    return model.events.map((event) => [
      event.options.serialization.value,
      event.options.subject.value,
      found,
    ]);
  };

  it("is binary unless the event says JSON, plain or as Avro has it", async () => {
    expect(await of({})).to.deep.equal([["BINARY", "t-value", ""]]);
    expect(await of({ serialization: "JSON" })).to.deep.equal([["JSON", "t-a.v1.C", ""]]);
    expect(await of({ serialization: "JSON", json: "plain" })).to.deep.equal([["JSON", "t-a.v1.C", ""]]);
    expect(await of({ serialization: "JSON", json: "avro" })).to.deep.equal([["AVRO_JSON", "t-a.v1.C", ""]]);
  });

  it("says how JSON is written only where it is JSON", async () => {
    expect(await of({ json: "avro" })).to.deep.equal([["BINARY", "t-value", "option-conflict"]]);
  });

  it("of one event does not make the others of its topic ask for a way to name subjects", async () => {
    const avro = (name: string, options: object): string =>
      JSON.stringify({ type: "record", name, keryx: { topic: "t", ...options }, fields: [] });
    const files = { "a.avsc": avro("a.A", {}), "b.avsc": avro("a.B", { serialization: "JSON" }) };
    const first = await buildTree({ "a.avsc": files["a.avsc"] });
    const { model, diagnostics } = await buildTree(files, {}, updateLock(emptyLock, first.model));
    expect(diagnostics).to.deep.equal([]);
    expect(model.events.map(({ options }) => options.subject.value)).to.deep.equal(["t-value", "t-a.B"]);
    const text = formatLock(updateLock(emptyLock, model));
    expect(parseLock(text, "schemas.lock.json").diagnostics).to.deep.equal([]);
    expect(text).to.include('"serialization": "JSON"');
    // Seen from the lock file, too, the JSON event's name for its history is no strategy of the topic.
    const again = await buildTree(files, {}, parseLock(text, "schemas.lock.json").lock);
    expect(again.model.events.map(({ options }) => options.subject.value)).to.deep.equal([
      "t-value",
      "t-a.B",
    ]);
  });
});

describe("retry delays", () => {
  for (const [text, ms] of [
    ["200ms", 200],
    ["30s", 30_000],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["0s", 0],
    [1500, 1500],
    ["1.5s", undefined],
    ["-1s", undefined],
    ["1", undefined],
    ["s", undefined],
    ["1 s", undefined],
    ["1S", undefined],
    ["1d", undefined],
    ["9999999999999s", undefined],
    ["999999999999h", undefined],
    ["", undefined],
    [0.5, undefined],
    [-1, undefined],
    [Number.NaN, undefined],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${ms}`, () => {
      expect(toDelayMs(text)).to.equal(ms);
    });
  }
});

describe("the layers of keryx.yaml", () => {
  it("stand in the order topic, folders from inside out, project", () => {
    const settings = {
      defaults: { owner: "p" },
      folders: { a: { owner: "a" }, "a/b/": { owner: "b" }, other: { owner: "x" } },
      topics: { t: { owner: "t" }, u: { owner: "u" } },
    };
    expect(
      layersOf(settings, "a/b/c/x.proto", "t").map((one) => [one.path, one.defaults.owner]),
    ).to.deep.equal([
      ["topics.t", "t"],
      ["folders.a/b", "b"],
      ["folders.a", "a"],
      ["defaults", "p"],
    ]);
    expect(layersOf(settings, "x.proto", undefined).map((one) => one.path)).to.deep.equal(["defaults"]);
  });

  it("are looked up as own keys only", () => {
    expect(layersOf({ topics: {}, folders: {} }, "constructor/x.proto", "toString")).to.deep.equal([]);
  });
});
