import { spawnSync } from "node:child_process";
import { join } from "node:path";
import avsc from "avsc";
import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { isSameEncoding } from "../../../src/serde/avro-encoding.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";
import { importCodec, printTypes, writeFiles } from "../../support/generated-code.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const typeOf = (schema: unknown): ReturnType<typeof parseAvro>["type"] =>
  parseAvro(JSON.stringify(schema)).type;
const read = (writer: unknown, reader: unknown, hex: string | Uint8Array): unknown =>
  createResolver(typeOf(writer), typeOf(reader))(typeof hex === "string" ? bytesOf(hex) : hex);

function reasonOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof KeryxError && error.code === "decode_failed") return error.details["reason"];
    throw error;
  }
  return undefined;
}

const record = (name: string, ...fields: readonly [string, unknown, unknown?][]): object => ({
  type: "record",
  name,
  fields: fields.map(([field, type, value]) => ({
    name: field,
    type,
    ...(value === undefined ? {} : { default: value }),
  })),
});
const fixed = (name: string, size: number, more: object = {}): object => ({
  type: "fixed",
  name,
  size,
  ...more,
});

describe("resolving a writer's schema", () => {
  it("gives a reader's logical types their values", () => {
    const millis = { type: "long", logicalType: "timestamp-millis" };
    expect(read("long", millis, "02")).to.deep.equal(new Date(1));
    expect(read("int", millis, "02")).to.deep.equal(new Date(1));
    expect(read("int", { type: "int", logicalType: "date" }, "00")).to.equal("1970-01-01");
    expect(
      read("bytes", { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 }, "02 ff"),
    ).to.deep.equal({
      unscaled: -1n,
      scale: 2,
    });
    expect(
      read(fixed("D", 12), fixed("D", 12, { logicalType: "duration" }), "01000000 02000000 03000000"),
    ).to.deep.equal({ months: 1, days: 2, milliseconds: 3 });
    const uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f";
    expect(read(fixed("U", 16), fixed("U", 16, { logicalType: "uuid" }), uuid.replaceAll("-", ""))).to.equal(
      uuid,
    );
  });

  it("refuses logical types that mean something else in the same bytes", () => {
    const logical = (type: string, logicalType: string): object => ({ type, logicalType });
    const decimal = (scale: number, precision = 9): object => ({
      type: "bytes",
      logicalType: "decimal",
      precision,
      scale,
    });
    expect(
      reasonOf(() => read(logical("long", "timestamp-millis"), logical("long", "timestamp-micros"), "02")),
    ).to.equal("incompatible");
    expect(
      reasonOf(() => read(logical("int", "time-millis"), logical("long", "time-micros"), "02")),
    ).to.equal("incompatible");
    expect(reasonOf(() => read(decimal(2), decimal(3), "02 01"))).to.equal("incompatible");
    expect(read(decimal(2), decimal(2, 12), "02 01")).to.deep.equal({ unscaled: 1n, scale: 2 });
    expect(
      read(logical("long", "local-timestamp-millis"), logical("long", "timestamp-millis"), "02"),
    ).to.deep.equal(new Date(1));
    expect(isSameEncoding(typeOf(decimal(2)), typeOf(decimal(3)))).to.equal(false);
  });

  it("prefers the same type over a promotion, and the full name over the simple one", () => {
    expect(read("int", ["null", "long", "int"], "02")).to.deep.equal({ kind: "int", value: 1 });
    expect(read(fixed("b.F", 1), ["null", fixed("a.F", 1), fixed("b.F", 1)], "07")).to.deep.equal({
      kind: "b.F",
      value: Uint8Array.of(7),
    });
    expect(read(fixed("c.F", 1), ["null", fixed("a.F", 1)], "07")).to.deep.equal(Uint8Array.of(7));
  });

  it("reads a union that grew as long as the data uses no new branch", () => {
    const [older, newer] = [
      ["null", "string"],
      ["null", "string", "int"],
    ];
    expect(read(newer, older, "02 02 61")).to.equal("a");
    expect(read(newer, older, "00")).to.equal(null);
    expect(reasonOf(() => read(newer, older, "04 02"))).to.equal("incompatible");
    expect(reasonOf(() => read(newer, older, "06 02"))).to.equal("malformed");
  });

  it("takes an enum's default for a symbol that it does not know, else refuses", () => {
    const writer = { type: "enum", name: "E", symbols: ["A", "B"] };
    expect(read(writer, { type: "enum", name: "E", symbols: ["A", "Z"], default: "Z" }, "02")).to.equal("Z");
    expect(reasonOf(() => read(writer, { type: "enum", name: "E", symbols: ["A"] }, "02"))).to.equal(
      "incompatible",
    );
    expect(reasonOf(() => read(writer, { type: "enum", name: "E", symbols: ["A"] }, "04"))).to.equal(
      "malformed",
    );
    expect(reasonOf(() => read(writer, { type: "enum", name: "Other", symbols: ["A"] }, "00"))).to.equal(
      "incompatible",
    );
  });

  for (const [what, writer, reader, hex] of [
    ["a field without a default", record("R"), record("R", ["a", "int"]), ""],
    ["another kind", "string", "int", "00"],
    ["a narrowing", "long", "int", "00"],
    ["another size", fixed("F", 1), fixed("F", 2), "00 00"],
    ["another name", record("A"), record("B"), ""],
    ["no branch", "boolean", ["null", "string"], "00"],
    ["an array for a map", { type: "array", items: "int" }, { type: "map", values: "int" }, "00"],
  ] as const)
    it(`refuses ${what} as incompatible`, () => {
      expect(reasonOf(() => read(writer, reader, hex))).to.equal("incompatible");
    });

  it("matches each field of the reader once, names before aliases", () => {
    const reader = {
      type: "record",
      name: "R",
      fields: [
        { name: "a", type: "int", aliases: ["b"] },
        { name: "c", type: "int", aliases: ["d"] },
      ],
    };
    expect(read(record("R", ["b", "int"], ["a", "int"], ["d", "int"]), reader, "02 04 06")).to.deep.equal({
      a: 2,
      c: 3,
    });
  });

  it("keeps fields and map keys with the names of every object's members", () => {
    const schema = record(
      "R",
      ["constructor", "int"],
      ["__proto__", "int"],
      ["m", { type: "map", values: "int" }],
    );
    const key = Buffer.from("__proto__").toString("hex");
    const value = read(schema, schema, `02 04 02 12 ${key} 06 00`) as Record<string, unknown>;
    expect(Object.keys(value)).to.deep.equal(["constructor$", "__proto__$", "m"]);
    expect(Object.getPrototypeOf(value["m"])).to.equal(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(value["m"], "__proto__")?.value).to.equal(3);
  });

  it("reads recursive records", () => {
    const node = record("N", ["v", "int"], ["next", ["null", "N"]]);
    const reader = record("N", ["next", ["null", "N"]], ["v", "long"], ["added", "string", "x"]);
    expect(read(node, reader, "02 02 04 00")).to.deep.equal({
      next: { next: null, v: 2n, added: "x" },
      v: 1n,
      added: "x",
    });
  });

  it("shares no default between values", () => {
    const reader = record("R", ["list", { type: "array", items: "int" }, [1]]);
    const resolve = createResolver(typeOf(record("R")), typeOf(reader));
    const [one, other] = [resolve(new Uint8Array()), resolve(new Uint8Array())] as { list: number[] }[];
    expect(one).to.deep.equal({ list: [1] });
    expect(one?.list).not.to.equal(other?.list);
  });

  it("fills in the defaults that generated code fills in", async () => {
    const logical = (type: string, logicalType: string, more = {}): object => ({
      type,
      logicalType,
      ...more,
    });
    const reader = record(
      "t.Defaults",
      ["b", "boolean", true],
      ["l", "long", 5],
      ["f", "float", 0.1],
      ["d", "double", 0.1],
      ["day", logical("int", "date"), 1],
      ["at", logical("long", "timestamp-millis"), 1],
      ["micros", logical("long", "timestamp-micros"), 1],
      ["id", logical("string", "uuid"), "00010203-0405-0607-0809-0a0b0c0d0e0f"],
      ["money", logical("bytes", "decimal", { precision: 9, scale: 2 }), "\u00ff"],
      ["raw", "bytes", "\u0001\u00ff"],
      ["span", fixed("Span", 12, { logicalType: "duration" }), "\u0001\0\0\0\u0002\0\0\0\u0003\0\0\0"],
      ["e", { type: "enum", name: "E", symbols: ["A", "B"] }, "B"],
      ["nothing", ["null", "string"], null],
      ["choice", ["null", "int", "string"], "x"],
      ["list", { type: "array", items: ["int", "string"] }, [1, "a"]],
      ["map", { type: "map", values: "long" }, { k: 1 }],
      ["inner", record("Inner", ["x", "int", 7]), {}],
    );
    const { type, named } = parseAvro(JSON.stringify(reader));
    if (type.kind !== "record") throw new Error("not a record");
    const { folder, remove } = writeFiles(printTypes(named.values()));
    try {
      const codec = await importCodec(folder, type, type.simpleName);
      expect(read(record("t.Defaults"), reader, "")).to.deep.equal(codec.create({}));
    } finally {
      remove();
    }
  }).timeout(30_000);
});

describe("hostile writers", () => {
  const reader = record("R", ["x", "int", 0]);
  const within = (ms: number, run: () => unknown): unknown => {
    let reason: unknown;
    expect(
      cpuTimeMs(() => {
        reason = reasonOf(run);
      }),
    ).to.be.below(ms);
    return reason;
  };

  it("cannot ask for 2^60 empty records by nesting them", () => {
    let previous: object | string = record("Z0");
    for (let i = 1; i < 60; i++) previous = record(`Z${i}`, ["a", previous], ["b", `Z${i - 1}`]);
    expect(within(500, () => read(record("R", ["z", previous]), reader, ""))).to.equal("too-large");
  });

  it("cannot ask for millions of nulls or empty records", () => {
    for (const items of ["null", record("E"), fixed("F0", 0)])
      for (const [writer, target] of [
        [record("R", ["z", { type: "array", items }]), reader],
        [record("R", ["x", { type: "array", items }]), record("R", ["x", { type: "array", items }])],
      ])
        expect(within(200, () => read(writer, target, "feffffff0f 00"))).to.equal("too-large");
  });

  it("cannot make records of a thousand empty fields out of every byte", () => {
    const nulls = Array.from({ length: 4_000 }, (_, i) => [`n${i}`, "null"] as [string, unknown]);
    const writer = record("R", ["z", { type: "array", items: record("I", ["b", "boolean"], ...nulls) }]);
    const payload = Buffer.concat([avsc.Type.forSchema("long").toBuffer(60_000), Buffer.alloc(60_001)]);
    expect(within(500, () => read(writer, reader, new Uint8Array(payload)))).to.equal("too-large");
  });

  it("cannot exhaust the stack, neither with records nor with lists", () => {
    const chain = record("R", ["next", ["null", "R"]]);
    expect(within(500, () => read(chain, chain, `${"02".repeat(200)}00`))).to.equal("too-deep");
    expect(within(500, () => read(chain, record("R"), `${"02".repeat(200)}00`))).to.equal("too-deep");
    let lists: unknown = ["null", "R"];
    for (let i = 0; i < 50; i++) lists = { type: "array", items: lists };
    const deep = record("R", ["x", lists]);
    const level = `${"02".repeat(50)}02`;
    expect(within(500, () => read(deep, deep, level.repeat(90)))).to.equal("too-deep");
    expect(within(500, () => read(deep, record("R"), level.repeat(90)))).to.equal("too-deep");
  });

  it("cannot exhaust the stack with a long chain of records", () => {
    const fields = Array.from({ length: 5_000 }, (_, i): [string, unknown] => [
      `f${i}`,
      record(`C${i}`, ["x", i === 0 ? "int" : `C${i - 1}`]),
    ]);
    const writer = record("R", ...fields);
    expect(["malformed", "too-deep"]).to.include(
      within(2_000, () => read(writer, reader, "02".repeat(5_000))),
    );
    expect(within(2_000, () => isSameEncoding(typeOf(writer), typeOf(writer)))).to.equal(undefined);
  });

  for (const [what, hex] of [
    ["a length beyond the payload", "fe01 61"],
    ["a negative length", "01"],
    ["a huge length", "feffffffffffffff7f"],
    ["an over-long varint", "ffffffffffffffffffff01"],
  ] as const)
    it(`are refused as malformed: ${what}`, () => {
      for (const target of [reader, record("R", ["s", "string"])])
        expect(reasonOf(() => read(record("R", ["s", "string"]), target, hex))).to.equal("malformed");
    });

  it("are refused when a block is not as long as they say", () => {
    const writer = record("R", ["z", { type: "array", items: "int" }]);
    expect(read(writer, reader, "01 02 05 00".replace("05", "04"))).to.deep.equal({ x: 0 });
    expect(reasonOf(() => read(writer, reader, "01 04 05 00"))).to.equal("malformed");
    expect(reasonOf(() => read(writer, reader, "01 02 05 00 00"))).to.equal("malformed");
  });
});

describe("code from strings", () => {
  it("is needed nowhere: parsing, resolving and decoding run where it is forbidden", () => {
    const root = join(import.meta.dirname, "../../..");
    const script = `
      const { parseAvro } = await import("./src/schema/avro.ts");
      const { parseProto } = await import("./src/schema/protobuf.ts");
      const { createResolver } = await import("./src/serde/avro-resolve.ts");
      await import("./src/serde/deserializer.ts");
      await import("./src/serde/serializer.ts");
      parseProto('syntax = "proto3"; message A { int32 a = 1; }');
      const type = (text) => parseAvro(JSON.stringify(text)).type;
      const value = createResolver(type(["null", "int"]), type(["null", "long"]))(Uint8Array.of(2, 2));
      let refused = "";
      try { new Function("return 1")(); } catch (error) { refused = error.name; }
      console.log(String(value), refused);
    `;
    const run = spawnSync(
      process.execPath,
      [
        "--disallow-code-generation-from-strings",
        "--disable-proto=throw",
        "--input-type=module",
        "-e",
        script,
      ],
      { cwd: root, encoding: "utf8" },
    );
    expect(run.stderr).to.equal("");
    expect(run.stdout.trim()).to.equal("1 EvalError");
  }).timeout(30_000);
});
