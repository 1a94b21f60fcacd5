import { expect } from "chai";
import type { EventModel } from "../../../../codegen/model/model.ts";
import type { ModelSettings } from "../../../../codegen/model/policy.ts";
import { buildTree, cpuMs, type Files, placesOf } from "../../../support/schema-tree.ts";

const head =
  'syntax = "proto3";\npackage a.v1;\nimport "google/protobuf/timestamp.proto";\nimport "google/protobuf/wrappers.proto";\nimport "keryx/v1/options.proto";\n';

const avro = (options: object, fields: readonly object[] = [], name = "a.v1.A"): string =>
  JSON.stringify({ type: "record", name, keryx: { topic: "t", ...options }, fields });

async function one(files: Files, settings?: ModelSettings): Promise<EventModel> {
  const { model, diagnostics } = await buildTree(files, settings);
  expect(diagnostics).to.deep.equal([]);
  const [event] = model.events;
  if (event === undefined) throw new Error("there is no event");
  return event;
}

describe("the policy of an event", () => {
  it("comes from the schema first, then topic, folders and project of keryx.yaml, then defaults, and says from where", async () => {
    const { options } = await one(
      { "a/v1/a.avsc": avro({ owner: "schema" }) },
      {
        defaults: { compatibility: "FULL", owner: "project", retry: { delays: ["1m"] }, partitions: 3 },
        folders: { "a/v1": { compatibility: "FORWARD", owner: "folder", retry: { delays: ["2s", 3] } } },
        topics: { t: { compatibility: "NONE", partitions: 12 } },
      },
    );
    expect(options.owner).to.deep.equal({
      value: "schema",
      from: { kind: "schema", at: { file: "a/v1/a.avsc", line: 1, column: 55 } },
    });
    expect(options.compatibility).to.deep.equal({
      value: "NONE",
      from: { kind: "config", path: "topics.t.compatibility" },
    });
    expect(options.retryDelaysMs).to.deep.equal({
      value: [2000, 3],
      from: { kind: "config", path: "folders.a/v1.retry" },
    });
    expect(options.partitions).to.deep.equal({
      value: 12,
      from: { kind: "config", path: "topics.t.partitions" },
    });
    expect(options.type).to.include({ value: "a.v1.A" });
    expect(
      [options.type, options.deadLetter, options.subject, options.ordered].map((option) => option.from.kind),
    ).to.deep.equal(Array(4).fill("default"));
    expect([options.deadLetter.value, options.subject.value, options.ordered.value]).to.deep.equal([
      "t-dlq",
      "t-value",
      false,
    ]);
  });

  it("has retries after 1, 10 and 60 seconds and level BACKWARD where nobody says anything", async () => {
    const { options } = await one({ "a.avsc": avro({}) });
    expect(options.retryDelaysMs.value).to.deep.equal([1000, 10_000, 60_000]);
    expect(options.compatibility.value).to.equal("BACKWARD");
    expect([options.key, options.id, options.time, options.owner, options.partitions]).to.deep.equal(
      Array(5).fill(undefined),
    );
  });

  it("has no retry topics where order is declared, even if keryx.yaml has delays for others", async () => {
    const { options } = await one(
      { "a.avsc": avro({ ordered: true }) },
      { defaults: { retry: { delays: ["1s"] } } },
    );
    expect(options.retryDelaysMs).to.deep.include({ value: [] });
  });

  it("takes the topic from the folder, and a missing topic or malformed delay is reported", async () => {
    const settings: ModelSettings = { folders: { b: { topic: "from-folder", retry: { delays: ["soon"] } } } };
    const { model, diagnostics } = await buildTree(
      {
        "b/b.avsc": avro({ topic: undefined }, [], "B"),
        "c/c.avsc": avro({ topic: undefined }, [], "C"),
      },
      settings,
    );
    expect(model.events.map((event) => event.options.topic.value)).to.deep.equal(["from-folder"]);
    expect(diagnostics.map((found) => [found.rule, found.file])).to.deep.equal([
      ["retry-delay-malformed", "b/b.avsc"],
      ["topic-missing", "c/c.avsc"],
    ]);
    expect(diagnostics[0]?.message).to.contain("folders.b.retry");
  });
});

describe("paths to fields", () => {
  it("lead through messages, and name the generated properties and the kind of the leaf", async () => {
    const { options } = await one({
      "a.proto": `${head}message Customer { string customer_id = 1; }\nmessage A {\n  option (keryx.v1.event) = { topic: "t" key: "the_customer.customer_id" id: "constructor" time: "at" };\n  Customer the_customer = 1;\n  int64 constructor = 2;\n  google.protobuf.Timestamp at = 3;\n}\n`,
    });
    expect(options.key?.value).to.include({ text: "the_customer.customer_id", leaf: "string" });
    expect(options.key?.value.properties).to.deep.equal(["theCustomer", "customerId"]);
    expect(options.id?.value).to.deep.include({ leaf: "bigint", properties: ["constructor$"] });
    expect(options.time?.value).to.deep.include({ leaf: "timestamp", properties: ["at"] });
  });

  for (const [type, leaf] of [
    ["string", "string"],
    ["bool", "boolean"],
    ["sint32", "int"],
    ["fixed32", "int"],
    ["uint64", "bigint"],
    ["E", "enum"],
  ] as const) {
    it(`take a Protobuf ${type} as ${leaf}`, async () => {
      const { options } = await one({
        "a.proto": `${head}enum E { E_UNSPECIFIED = 0; }\nmessage A {\n  option (keryx.v1.event) = { topic: "t" key: "k" };\n  ${type} k = 1;\n}\n`,
      });
      expect(options.key?.value.leaf).to.equal(leaf);
    });
  }

  for (const [type, leaf] of [
    ["string", "string"],
    ["boolean", "boolean"],
    ["int", "int"],
    ["long", "bigint"],
    [{ type: "int", logicalType: "date" }, "string"],
    [{ type: "string", logicalType: "uuid" }, "uuid"],
    [{ type: "fixed", name: "U", size: 16, logicalType: "uuid" }, "uuid"],
    [{ type: "enum", name: "E", symbols: ["X"] }, "enum"],
    [["string"], "string"],
  ] as const) {
    it(`take an Avro ${JSON.stringify(type)} as ${leaf}`, async () => {
      const { options } = await one({ "a.avsc": avro({ key: "k" }, [{ name: "k", type }]) });
      expect(options.key?.value.leaf).to.equal(leaf);
    });
  }

  for (const [logicalType, leaf] of [
    ["timestamp-millis", "date"],
    ["timestamp-micros", "micros"],
    ["timestamp-nanos", "nanos"],
  ] as const) {
    it(`take an Avro ${logicalType} as time, also where it may be null`, async () => {
      const type = { type: "long", logicalType };
      for (const field of [type, ["null", type]]) {
        const { options } = await one({ "a.avsc": avro({ time: "w" }, [{ name: "w", type: field }]) });
        expect(options.time?.value.leaf).to.equal(leaf);
      }
    });
  }

  const protobuf: readonly (readonly [string, string, string])[] = [
    ['key: "nope"', "", "key-path-missing"],
    ['key: "k.x"', "string k = 1;", "key-path-missing"],
    ['key: "k."', "string k = 1;", "key-path-missing"],
    ['key: "constructor"', "", "key-path-missing"],
    ['key: "K"', "string k = 1;", "key-path-missing"],
    ['key: "k"', "bytes k = 1;", "key-not-scalar"],
    ['key: "k"', "double k = 1;", "key-not-scalar"],
    ['key: "k"', "A k = 1;", "key-not-scalar"],
    ['key: "k"', "google.protobuf.Timestamp k = 1;", "key-not-scalar"],
    ['key: "k"', "optional string k = 1;", "key-not-always-present"],
    ['key: "k"', "oneof o { string k = 1; }", "key-not-always-present"],
    ['key: "k.k"', "oneof o { B k = 1; }", "key-not-always-present"],
    ['key: "k"', "google.protobuf.StringValue k = 1;", "key-not-always-present"],
    ['key: "k"', "repeated string k = 1;", "key-not-scalar"],
    ['key: "k"', "map<string, string> k = 1;", "key-not-scalar"],
    ['key: "k.k"', "repeated B k = 1;", "key-not-always-present"],
    ['id: "nope"', "", "id-path-missing"],
    ['id: "k"', "bytes k = 1;", "id-not-scalar"],
    ['id: "k"', "optional string k = 1;", "id-optional"],
    ['time: "nope"', "", "time-path-missing"],
    ['time: "k"', "int64 k = 1;", "time-not-timestamp"],
    ['time: "k"', "repeated google.protobuf.Timestamp k = 1;", "time-not-timestamp"],
  ];
  for (const [option, field, rule] of protobuf) {
    it(`refuse ${option} with \`${field}\` by ${rule}`, async () => {
      const { diagnostics } = await buildTree({
        "a.proto": `${head}message B { string k = 1; }\nmessage A {\n  option (keryx.v1.event) = { topic: "t"\n    ${option} };\n  ${field}\n}\n`,
      });
      expect(placesOf(diagnostics)).to.deep.equal([`${rule} a.proto:9:5`]);
    });
  }

  const string = "string";
  const avroCases: readonly (readonly [object, unknown, string])[] = [
    [{ key: "k" }, ["null", string], "key-not-always-present"],
    [{ key: "k" }, [string, "int"], "key-not-scalar"],
    [{ key: "k" }, { type: "array", items: string }, "key-not-scalar"],
    [{ key: "k" }, { type: "long", logicalType: "timestamp-millis" }, "key-not-scalar"],
    [
      { key: "k.x" },
      ["null", { type: "record", name: "R", fields: [{ name: "x", type: string }] }],
      "key-not-always-present",
    ],
    [{ id: "k" }, { type: "bytes", logicalType: "decimal", precision: 4 }, "id-not-scalar"],
    [{ id: "k" }, ["null", string], "id-optional"],
    [{ time: "k" }, { type: "long", logicalType: "local-timestamp-millis" }, "time-not-timestamp"],
    [{ time: "k" }, string, "time-not-timestamp"],
  ];
  for (const [options, type, rule] of avroCases) {
    it(`refuse ${JSON.stringify(options)} of the Avro type ${JSON.stringify(type)} by ${rule}`, async () => {
      const { diagnostics } = await buildTree({ "a.avsc": avro(options, [{ name: "k", type }]) });
      expect(diagnostics.map((found) => found.rule)).to.deep.equal([rule]);
    });
  }
});

describe("a polluted Object.prototype", () => {
  it("adds nothing to the policy of an event", async () => {
    const names = [
      "topic",
      "key",
      "owner",
      "retry",
      "ordered",
      "compatibility",
      "delays",
      "sensitive",
      "keryx",
    ];
    for (const name of names)
      Object.defineProperty(Object.prototype, name, {
        value: "polluted",
        configurable: true,
        writable: true,
      });
    try {
      const event = await one({ "a.avsc": avro({}, [{ name: "f", type: "string" }]) });
      expect(JSON.stringify([event.options, event.sensitive])).not.to.contain("polluted");
    } finally {
      for (const name of names) delete (Object.prototype as Record<string, unknown>)[name];
    }
  });
});

describe("sensitive fields", () => {
  it("are listed by generated property, through messages, lists, maps, oneofs and recursion", async () => {
    const mark = "[(keryx.v1.field).sensitive = true]";
    const event = await one({
      "a.proto": `${head}message B { string secret_word = 1 ${mark}; B next = 2; }\nmessage Plain { string x = 1; Plain p = 2; }\nmessage A {\n  option (keryx.v1.event) = { topic: "t" };\n  string own = 1 ${mark};\n  repeated B list = 2;\n  map<string, B> by_name = 3;\n  oneof choice { B some = 4; string pin = 5 ${mark}; }\n  Plain plain = 6;\n}\n`,
    });
    expect(event.sensitive).to.deep.equal([
      "byName.next.secretWord",
      "byName.secretWord",
      "choice.value",
      "choice.value.next.secretWord",
      "choice.value.secretWord",
      "list.next.secretWord",
      "list.secretWord",
      "own",
    ]);
  });

  it("are found inside unions, lists and maps of Avro", async () => {
    const secret = {
      type: "record",
      name: "S",
      fields: [{ name: "toString", type: "string", keryx: { sensitive: true } }],
    };
    const event = await one({
      "a.avsc": avro({}, [
        { name: "one", type: ["null", secret] },
        { name: "many", type: { type: "map", values: { type: "array", items: "a.v1.S" } } },
        { name: "tagged", type: ["int", "a.v1.S", "string"] },
      ]),
    });
    expect(event.sensitive).to.deep.equal(["many.toString$", "one.toString$", "tagged.value.toString$"]);
  });

  it("are refused when types that reuse each other lead to them by more paths than can be listed", async () => {
    const levels = Array.from(
      { length: 40 },
      (_, at) => `message M${at} { M${at + 1} a = 1; M${at + 1} b = 2; }`,
    ).join("\n");
    const before = cpuMs();
    const { diagnostics } = await buildTree({
      "a.proto": `${head}${levels}\nmessage M40 { string s = 1 [(keryx.v1.field).sensitive = true]; }\nmessage A { option (keryx.v1.event) = { topic: "t" }; M0 m = 1; }\n`,
    });
    expect(diagnostics.map((found) => found.rule)).to.deep.equal(["schema-limit"]);
    expect(cpuMs() - before).to.be.lessThan(3000);
  });
});

describe("names and output paths", () => {
  it("follow protobuf-es for nested and reserved message names", async () => {
    const { model } = await buildTree({
      "a.proto": `${head}message Outer { message Inner { option (keryx.v1.event) = { topic: "t" }; } }\nmessage Object { option (keryx.v1.event) = { topic: "u" }; }\nmessage Promise { option (keryx.v1.event) = { topic: "v" }; }\n`,
    });
    expect(model.events.map((event) => [event.name, event.identifier, event.method])).to.deep.equal([
      ["a.v1.Object", "Object$", "object"],
      ["a.v1.Outer.Inner", "Outer_Inner", "inner"],
      ["a.v1.Promise", "Promise", "promise"],
    ]);
  });

  it("may not fall together with the file that exports a package whose event shares its name", async () => {
    const { diagnostics } = await buildTree({
      "a.avsc": avro({ topic: "t" }, [], "x.Placed"),
      "b.avsc": avro({ topic: "u" }, [], "y.Placed"),
      "c.avsc": JSON.stringify({ type: "fixed", name: "packages.X", size: 1 }),
    });
    expect(placesOf(diagnostics).filter((place) => place.startsWith("path-clash"))).to.have.length(1);
  });

  it("may not fall together, be it only by case, or be devices", async () => {
    const { diagnostics } = await buildTree({
      "a.avsc": avro({}, [], "x.OrderPlaced"),
      "b.avsc": avro({ topic: "T" }, [], "x.order_placed"),
      "c.avsc": JSON.stringify({ type: "fixed", name: "Index", size: 1 }),
      "d.avsc": JSON.stringify({ type: "fixed", name: "aux.F", size: 1 }),
    });
    expect(placesOf(diagnostics).map((place) => place.replace(/:.*/, ""))).to.have.members([
      "path-clash a.avsc",
      "path-clash b.avsc",
      "path-clash c.avsc",
      "path-unsafe d.avsc",
    ]);
  });

  for (const other of ["message A_B {}", "enum A_B { X = 0; }", "message A_BSchema {}"]) {
    it(`may not fall together with what protobuf-es prints for \`${other}\``, async () => {
      const { diagnostics } = await buildTree({
        "a.proto": `${head}message A { message B { option (keryx.v1.event) = { topic: "t" }; } }\n${other}\n`,
      });
      expect(placesOf(diagnostics)).to.deep.equal(["name-duplicate a.proto:6:21"]);
    });
  }

  it("give every event a name of its own across the formats", async () => {
    const { diagnostics } = await buildTree({
      "a.proto": `${head}message A { option (keryx.v1.event) = { topic: "t" }; }\n`,
      "b.avsc": avro({ topic: "u" }),
    });
    expect(diagnostics.map((found) => [found.rule, found.file])).to.deep.include([
      "name-duplicate",
      "b.avsc",
    ]);
  });
});
