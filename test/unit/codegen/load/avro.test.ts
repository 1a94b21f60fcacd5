import { expect } from "chai";
import { readAvroFiles } from "../../../../codegen/load/avro/files.ts";
import { createAvroProjector, describeType } from "../../../../codegen/load/avro/wire.ts";
import { loadAvro } from "../../../../codegen/load/avro.ts";
import { plainLongs } from "../../../../src/schema/avro/longs.ts";
import { parseAvro } from "../../../../src/schema/avro.ts";
import { cpuMs, placesOf } from "../../../support/schema-tree.ts";

type Json = Readonly<Record<string, unknown>>;

const sources = (files: Readonly<Record<string, string | Json>>): { path: string; text: string }[] =>
  Object.entries(files).map(([path, text]) => ({
    path,
    text: typeof text === "string" ? text : JSON.stringify(text, null, 2),
  }));

const load = (files: Readonly<Record<string, string | Json>>): ReturnType<typeof loadAvro> =>
  loadAvro(sources(files));

const event = (fields: readonly unknown[], more: Json = {}): Json => ({
  type: "record",
  name: "A",
  namespace: "a.v1",
  keryx: { topic: "t" },
  fields,
  ...more,
});

/** The wire text of the only event. */
function project(files: Readonly<Record<string, string | Json>>): unknown {
  const { events, diagnostics } = load(files);
  expect(diagnostics).to.deep.equal([]);
  return JSON.parse(events[0]?.wire.schema ?? "");
}

describe("reading .avsc files", () => {
  it("gives documentation, place, deprecation and the options with their places", () => {
    const { events } = load({
      "a.avsc": `{ "type": "record", "name": "A", "doc": "Happened.", "deprecated": "use B",\n  "keryx": { "topic": "t",\n    "owner": "me" }, "fields": [] }`,
    });
    const [found] = events;
    expect(found).to.include({ name: "A", doc: "Happened.", deprecated: "use B" });
    expect(found?.at).to.deep.equal({ file: "a.avsc", line: 1, column: 29 });
    expect(found?.declared.at("owner")).to.deep.equal({ file: "a.avsc", line: 3, column: 5 });
    expect(found?.declared.at("key")).to.deep.equal({ file: "a.avsc", line: 2, column: 12 });
    expect(load({ "a.avsc": event([], { deprecated: true }) }).events[0]?.deprecated).to.equal(true);
  });

  for (const [what, text, place] of [
    ["a syntax error", '{\n  "type": "record",,\n}', "schema-syntax a.avsc:2:20"],
    ["a missing name", '{\n  "type": "record", "fields": [] }', "schema-syntax a.avsc:1:1"],
    [
      "an unknown type",
      '{ "type": "record", "name": "A", "fields": [\n { "name": "f", "type": "Nope" } ] }',
      "schema-syntax a.avsc:2:25",
    ],
    ["a key that stands twice", '{ "type": "int",\n "type": "int" }', "schema-syntax a.avsc:2:2"],
    [
      "a hostile name",
      '{ "type": "record", "name": "A;process.exit()", "fields": [] }',
      "name-invalid a.avsc:1:1",
    ],
    ["a text that is no JSON", "\n\nhello", "schema-syntax a.avsc:3:1"],
    ["nothing at all", "", "schema-syntax a.avsc:1:1"],
  ] as const) {
    it(`reports ${what} with its place`, () => {
      const { events, avroTypes, diagnostics } = load({ "a.avsc": text });
      expect(placesOf(diagnostics)).to.deep.equal([place]);
      expect([events, avroTypes]).to.deep.equal([[], []]);
    });
  }

  it("refuses JSON that nests without end, in less than a second", () => {
    const before = cpuMs();
    const { diagnostics } = load({ "a.avsc": "[".repeat(500_000), "b.avsc": '{"type":'.repeat(100_000) });
    expect(diagnostics.map((one) => one.rule)).to.deep.equal(["schema-limit", "schema-limit"]);
    expect(cpuMs() - before).to.be.lessThan(1000);
  });

  it("resolves names across files in any order, and writes each definition once, where it is first used", () => {
    const files = {
      "z/shared.avsc": {
        ...{ type: "record", name: "Money", namespace: "shared", doc: "m", keep: [1, 2.5] },
        fields: [{ name: "minor", type: "long" }],
      },
      "a.avsc": event([
        { name: "x", type: "shared.Money" },
        { name: "y", type: ["null", "shared.Money"] },
        { name: "z", type: { type: "array", items: "shared.Money" } },
      ]),
    };
    expect(project(files)).to.deep.equal({
      ...{ type: "record", name: "A", namespace: "a.v1" },
      fields: [
        { name: "x", type: files["z/shared.avsc"] },
        { name: "y", type: ["null", "shared.Money"] },
        { name: "z", type: { type: "array", items: "shared.Money" } },
      ],
    });
    expect(load(files).avroTypes.map(({ type, at }) => [type.name, at.file])).to.deep.equal([
      ["a.v1.A", "a.avsc"],
      ["shared.Money", "z/shared.avsc"],
    ]);
  });

  it("says the namespace of a definition that moves below another one", () => {
    const files = {
      "none.avsc": { type: "fixed", name: "Bare", size: 1 },
      "outer.avsc": {
        ...{ type: "record", name: "Outer", namespace: "o" },
        fields: [{ name: "i", type: { type: "enum", name: "Inner", symbols: ["X"] } }],
      },
      "a.avsc": event([
        { name: "i", type: "o.Inner" },
        { name: "b", type: "Bare" },
      ]),
    };
    expect(project(files)).to.deep.equal({
      ...{ type: "record", name: "A", namespace: "a.v1" },
      fields: [
        { name: "i", type: { type: "enum", name: "Inner", namespace: "o", symbols: ["X"] } },
        { name: "b", type: { type: "fixed", name: "Bare", namespace: "", size: 1 } },
      ],
    });
  });

  it("makes a record inside another one an event of its own, complete in itself", () => {
    const { events, diagnostics } = load({
      "a.avsc": {
        ...{ type: "record", name: "Outer", namespace: "a.v1" },
        fields: [
          { name: "m", type: { type: "fixed", name: "Mark", size: 2 } },
          {
            name: "i",
            type: {
              type: "record",
              name: "Inner",
              keryx: { topic: "t" },
              fields: [{ name: "m", type: "Mark" }],
            },
          },
        ],
      },
    });
    expect(diagnostics).to.deep.equal([]);
    expect(JSON.parse(events[0]?.wire.schema ?? "")).to.deep.equal({
      ...{ type: "record", name: "Inner", namespace: "a.v1" },
      fields: [{ name: "m", type: { type: "fixed", name: "Mark", size: 2 } }],
    });
  });

  it("drops our attribute at record, field and type, and keeps others, their order and number texts", () => {
    const { events, diagnostics } = load({
      "a.avsc": `{ "type": "record", "keryx": { "topic": "t" }, "name": "A", "big": 9007199254740993.10, "fields": [
        { "keryx": { "sensitive": true }, "name": "f", "type": { "type": "long", "keryx": {} , "x-y": [ 1.0, "\\u0041" ] }, "default": 9007199254740993 },
        { "name": "m", "type": { "values": { "type": "array", "items": { "type": "string", "keryx": {} } }, "type": "map" } } ] }`,
    });
    expect(diagnostics).to.deep.equal([]);
    expect(events[0]?.wire.schema).to.equal(
      '{"type":"record","name":"A","big":9007199254740993.10,"fields":[{"name":"f","type":{"type":"long","x-y":[1.0,"\\u0041"]},"default":9007199254740993},{"name":"m","type":{"values":{"type":"array","items":{"type":"string"}},"type":"map"}}]}',
    );
  });

  it("keeps `keryx` where it is a name, a default, a symbol or another attribute's content", () => {
    const fields = [
      { name: "keryx", type: { type: "map", values: "int" }, default: { keryx: 1 }, aliases: ["keryx2"] },
      { name: "e", type: { type: "enum", name: "E", symbols: ["keryx"], other: { keryx: 1 } } },
    ];
    expect(project({ "a.avsc": event(fields) })).to.deep.equal({
      ...{ type: "record", name: "A", namespace: "a.v1" },
      fields,
    });
  });

  it("gives the same text for CRLF line ends", () => {
    const text = JSON.stringify(event([{ name: "f", type: "int" }]), null, 2);
    const of = (source: string): string | undefined => load({ "a.avsc": source }).events[0]?.wire.fingerprint;
    expect(of(text.replaceAll("\n", "\r\n"))).to.equal(of(text));
  });

  it("names both places of a name that is defined twice", () => {
    const { diagnostics } = load({ "a.avsc": event([]), "b.avsc": `\n${JSON.stringify(event([]))}` });
    expect(placesOf(diagnostics)).to.deep.equal(["name-duplicate b.avsc:2:1"]);
    expect(diagnostics[0]?.message).to.contain("a.avsc:1");
  });

  it("reports a name that one text defines twice", () => {
    const twice = { type: "fixed", name: "F", size: 1 };
    const { diagnostics } = load({
      "a.avsc": event([
        { name: "x", type: twice },
        { name: "y", type: twice },
      ]),
    });
    expect(diagnostics.map((one) => one.rule)).to.deep.equal(["name-duplicate"]);
  });

  it("names the loop when files use each other's types, and takes recursion inside one file", () => {
    const { diagnostics } = load({
      "a.avsc": { type: "record", name: "A", fields: [{ name: "b", type: "B" }] },
      "b.avsc": { type: "record", name: "B", fields: [{ name: "a", type: "A" }] },
    });
    expect(diagnostics.map((one) => one.rule)).to.deep.equal(["import-unsafe"]);
    expect(diagnostics[0]?.message).to.contain("a.avsc → b.avsc → a.avsc");
    expect(load({ "a.avsc": event([{ name: "next", type: ["null", "A"] }]) }).diagnostics).to.deep.equal([]);
  });

  it("refuses an event that is no record", () => {
    const { events, diagnostics } = load({
      "a.avsc": { type: "enum", name: "E", symbols: [], keryx: { topic: "t" } },
    });
    expect(events).to.deep.equal([]);
    expect(diagnostics.map((one) => one.rule)).to.deep.equal(["option-invalid"]);
  });

  it("reads marks at the field, at its type or a part of it, and beside a reference", () => {
    const mark = { keryx: { sensitive: true } };
    const { sensitive, diagnostics } = load({
      "a.avsc": event([
        { name: "field", type: "string", ...mark },
        { name: "type", type: { type: "string", ...mark } },
        { name: "branch", type: ["null", { type: "string", ...mark }] },
        {
          name: "part",
          type: { type: "map", values: { type: "array", items: { type: "string", ...mark } } },
        },
        { name: "tag", type: "string", "confluent:tags": ["PUBLIC", "PII"] },
        { name: "tagged", type: { type: "string", "confluent:tags": ["PII"] } },
        { name: "defines", type: { type: "fixed", name: "F", size: 2 } },
        { name: "refers", type: { type: "F", ...mark } },
        { name: "no", type: { type: "string", keryx: { sensitive: false } } },
        { name: "other", type: "string", "confluent:tags": ["PIII"] },
        { name: "odd", type: "string", "confluent:tags": "PII" },
      ]),
    });
    expect(diagnostics).to.deep.equal([]);
    expect([...sensitive].map((name) => name.slice(7))).to.deep.equal([
      "field",
      "type",
      "branch",
      "part",
      "tag",
      "tagged",
      "refers",
    ]);
  });

  it("refuses marks that contradict, unknown ones and those of the wrong type", () => {
    const no = { keryx: { sensitive: false } };
    const { diagnostics } = load({
      "a.avsc": event([
        { name: "a", type: { type: "string", keryx: { sensitive: true } }, ...no },
        { name: "b", type: "string", "confluent:tags": ["PII"], ...no },
        { name: "c", type: "string", keryx: { sensetive: true } },
        { name: "d", type: "string", keryx: { sensitive: "yes" } },
        { name: "e", type: "string", keryx: [true] },
        { name: "f", type: "long", keryx: { long: "number" } },
        { name: "g", type: { type: "long", keryx: { long: "STRING" } }, keryx: { long: "NUMBER" } },
      ]),
    });
    expect(diagnostics.map((one) => one.rule)).to.deep.equal([
      "option-conflict",
      "option-conflict",
      "option-unknown",
      "option-invalid",
      "option-invalid",
      "option-invalid",
      "option-conflict",
    ]);
    expect(diagnostics[2]?.message).to.contain('"sensetive"');
  });

  it("puts the mark of a field at each plain long in it, and at no other field's", () => {
    const micros = { type: "long", logicalType: "timestamp-micros" };
    const mark = { keryx: { long: "NUMBER" } };
    const own = {
      ...{ type: "record", name: "Own" },
      fields: [
        { name: "long", type: "long" },
        { name: "text", type: "long", keryx: { long: "STRING" } },
      ],
    };
    const { avroTypes, diagnostics } = load({
      "a.avsc": event([
        { name: "itself", type: { type: "long", ...mark } },
        { name: "before", type: "long" },
        { name: "union", type: ["null", "long", { type: "array", items: micros }, own], ...mark },
        { name: "list", type: { type: "array", items: { type: "map", values: { type: "long", ...mark } } } },
        { name: "odd", type: { type: "long", logicalType: "odd" }, ...mark },
        { name: "refers", type: ["Own", "long"], keryx: { long: "STRING" } },
      ]),
    });
    expect(diagnostics).to.deep.equal([]);
    const found = avroTypes.flatMap(({ type }) =>
      type.kind === "record" ? type.fields.flatMap((field) => plainLongs(field.type)) : [],
    );
    const marks = found.map(({ long }) => long && `${long.field} ${long.as}`);
    expect(marks).to.deep.equal([
      ...[
        "a.v1.A.itself NUMBER",
        undefined,
        "a.v1.A.union NUMBER",
        "a.v1.A.list NUMBER",
        "a.v1.A.odd NUMBER",
      ],
      ...["a.v1.A.refers STRING", undefined, "a.v1.Own.text STRING"],
    ]);
  });

  it("takes several definitions in one file, and types that are no records", () => {
    const { avroTypes, diagnostics } = load({
      "all.avsc": JSON.stringify([
        { type: "enum", name: "x.E", symbols: ["A"] },
        { type: "record", name: "y.R", fields: [{ name: "e", type: "x.E" }] },
      ]),
      "int.avsc": '"int"',
    });
    expect(diagnostics).to.deep.equal([]);
    expect(avroTypes.map(({ type }) => type.name)).to.deep.equal(["x.E", "y.R"]);
  });

  it("survives member names that mean something to JavaScript", () => {
    const fields = ["__proto__", "constructor", "then", "toString"].map((name) => ({ name, type: "int" }));
    const { events, diagnostics } = load({
      "a.avsc": `{"type":"record","name":"A","__proto__":{"keryx":1},"keryx":{"topic":"t","__proto__":{"owner":"x"}},"fields":${JSON.stringify(fields)}}`,
    });
    expect(diagnostics).to.deep.equal([]);
    expect(Object.keys(events[0]?.declared.json as object)).to.deep.equal(["topic", "__proto__"]);
    expect(events[0]?.wire.schema).to.contain('"__proto__":{"keryx":1}');
    expect(({} as { owner?: string }).owner).to.equal(undefined);
  });
});

describe("describing an Avro schema", () => {
  it("tells schemas apart that differ in anything but our attribute", () => {
    const base = event([
      {
        name: "f",
        type: ["null", { type: "map", values: { type: "fixed", name: "F", size: 2 } }],
        default: null,
      },
    ]);
    const of = (json: unknown): string => describeType(parseAvro(JSON.stringify(json)).type);
    const text = JSON.stringify(base);
    for (const [from, to] of [
      ['"size":2', '"size":3'],
      ['"values"', '"x":1,"values"'],
      ['"default":null', '"order":"ignore"'],
      ['"fields"', '"doc":"d","fields"'],
      ['"name":"f"', '"name":"g"'],
      ["a.v1", "a.v2"],
    ] as const)
      expect(of(JSON.parse(text.replace(from, to)))).not.to.equal(of(base));
    expect(of(JSON.parse(text.replace('"topic":"t"', '"topic":"u"')))).to.equal(of(base));
    expect(of({ type: "record", name: "R", fields: [{ name: "l", type: "long", default: 1 }] })).not.to.equal(
      of({ type: "record", name: "R", fields: [{ name: "l", type: "long", default: 2 }] }),
    );
  });

  it("writes nothing for a name that no file defines", () => {
    expect(createAvroProjector(readAvroFiles([]).files).project("Nope")).to.equal("");
  });
});
