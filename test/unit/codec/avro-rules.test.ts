import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { EventType } from "../../../src/core/event.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";
import { createJsonCodecs } from "../../../src/serde/json.ts";
import { importCodec, printTypes, writeFiles } from "../../support/generated-code.ts";
import { utf8, varint64 } from "../../support/protobuf-bytes.ts";
import { type WireProject, wireProject } from "../../support/wire-project.ts";

const zigzag = (value: bigint): number[] => varint64((value << 1n) ^ (value >> 63n));
const text = (content: string): number[] => {
  const bytes = utf8(content);
  return [...zigzag(BigInt(bytes.length)), ...bytes];
};

/** Longs that a number would round, or just not. */
const longs = [
  ...[2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) + 1n, -(2n ** 53n), -(2n ** 53n) - 1n],
  ...[2n ** 63n - 1n, -(2n ** 63n), 0n, -1n],
];

interface Rule {
  readonly name: string;
  /** Type of the only field. */
  readonly type: unknown;
  readonly bytes: readonly number[];
  readonly value?: unknown;
  readonly reason?: string;
}

const list = (items: unknown): object => ({ type: "array", items });
const map = (values: unknown): object => ({ type: "map", values });
const choice = { type: "enum", name: "E", symbols: ["A", "B"] };
const empty = { type: "record", name: "None", fields: [] };

const rules: readonly Rule[] = [
  { name: "a list in one block", type: list("int"), bytes: [4, 2, 4, 0], value: [1, 2] },
  { name: "a list in several blocks", type: list("int"), bytes: [2, 2, 2, 4, 0], value: [1, 2] },
  { name: "a list in a block that says its size", type: list("int"), bytes: [3, 4, 2, 4, 0], value: [1, 2] },
  { name: "a list without items", type: list("int"), bytes: [0], value: [] },
  {
    name: "a block that is longer than it says",
    type: list("int"),
    bytes: [3, 2, 2, 4, 0],
    reason: "malformed",
  },
  {
    name: "a block that is shorter than it says",
    type: list("int"),
    bytes: [3, 6, 2, 4, 0, 0],
    reason: "malformed",
  },
  { name: "a block with a negative size", type: list("int"), bytes: [3, 1, 2, 4, 0], reason: "malformed" },
  { name: "a list that never ends", type: list("int"), bytes: [2, 2], reason: "malformed" },
  { name: "2^31 items in five bytes", type: list("int"), bytes: [...zigzag(2n ** 31n)], reason: "malformed" },
  {
    name: "2^31 items without bytes",
    type: list("null"),
    bytes: [...zigzag(2n ** 31n), 0],
    reason: "too-large",
  },
  { name: "2^31 empty records", type: list(empty), bytes: [...zigzag(2n ** 31n), 0], reason: "too-large" },
  { name: "-2^63 items", type: list("null"), bytes: [...zigzag(-(2n ** 63n)), 0], reason: "malformed" },
  {
    name: "2^31 entries in five bytes",
    type: map("null"),
    bytes: [...zigzag(2n ** 31n)],
    reason: "malformed",
  },
  {
    name: "a map, of whose equal keys the last wins",
    type: map("int"),
    bytes: [4, ...text("k"), 2, ...text("k"), 4, 0],
    value: { k: 2 },
  },
  {
    name: "a map in several blocks",
    type: map("int"),
    bytes: [2, ...text("a"), 2, 2, ...text("b"), 4, 0],
    value: { a: 1, b: 2 },
  },
  { name: "the branch of a union", type: ["null", "int"], bytes: [2, 2], value: 1 },
  { name: "a branch that the union lacks", type: ["null", "int"], bytes: [4, 2], reason: "malformed" },
  { name: "a negative branch", type: ["null", "int"], bytes: [1, 2], reason: "malformed" },
  { name: "a symbol", type: choice, bytes: [2], value: "B" },
  { name: "a symbol that the enum lacks", type: choice, bytes: [4], reason: "malformed" },
  { name: "a negative symbol", type: choice, bytes: [1], reason: "malformed" },
  { name: "a boolean of 2", type: "boolean", bytes: [2], reason: "malformed" },
  { name: "an int beyond 32 bits", type: "int", bytes: zigzag(2n ** 31n), reason: "malformed" },
  { name: "the largest int", type: "int", bytes: zigzag(2n ** 31n - 1n), value: 2 ** 31 - 1 },
  { name: "a long of ten bytes", type: "long", bytes: zigzag(-(2n ** 63n)), value: -(2n ** 63n) },
  {
    name: "a long of eleven bytes",
    type: "long",
    bytes: [...Array<number>(10).fill(0x80), 1],
    reason: "malformed",
  },
  {
    name: "a long beyond 64 bits",
    type: "long",
    bytes: [...Array<number>(9).fill(0xff), 2],
    reason: "malformed",
  },
  { name: "text of a negative length", type: "string", bytes: [1, 0x61], reason: "malformed" },
  { name: "text that is longer than the payload", type: "string", bytes: [4, 0x61], reason: "malformed" },
  { name: "text of 2^62 bytes", type: "string", bytes: zigzag(2n ** 62n), reason: "malformed" },
  { name: "text that is not UTF-8", type: "string", bytes: [2, 0xff], reason: "invalid-text" },
  {
    name: "text with half a surrogate pair",
    type: "string",
    bytes: [6, 0xed, 0xa0, 0x80],
    reason: "invalid-text",
  },
  { name: "a key that is not UTF-8", type: map("int"), bytes: [2, 2, 0xff, 2, 0], reason: "invalid-text" },
  { name: "a double that is cut off", type: "double", bytes: [1, 2, 3], reason: "malformed" },
  { name: "bytes behind the value", type: "int", bytes: [2, 0], reason: "malformed" },
  { name: "nothing at all", type: "int", bytes: [], reason: "malformed" },
];

describe("the rules of Avro's binary encoding", function () {
  this.timeout(60_000);
  const schemaOf = ({ type }: Rule, at: number): string =>
    JSON.stringify({ type: "record", name: `R${at}`, namespace: `r${at}`, fields: [{ name: "f", type }] });
  const decoders = new Map<Rule, readonly ((bytes: Uint8Array) => unknown)[]>();
  let project: WireProject;
  let clean = (): void => undefined;

  before(async () => {
    project = await wireProject();
    const parsed = rules.map((rule, at) => ({ rule, at, ...parseAvro(schemaOf(rule, at)) }));
    const { folder, remove } = writeFiles(printTypes(parsed.flatMap(({ named }) => [...named.values()])));
    clean = remove;
    for (const { rule, at, type } of parsed) {
      if (type.kind !== "record") throw new Error(rule.name);
      const { decode } = await importCodec(folder, type, `R${at}`);
      decoders.set(rule, [decode, createResolver(type, type)]);
    }
  });
  after(() => clean());

  for (const rule of rules)
    it(`${rule.reason === undefined ? "reads" : "refuses"} ${rule.name}, in generated code and interpreted`, () => {
      for (const decode of decoders.get(rule) ?? expect.fail(rule.name)) {
        const bytes = Uint8Array.from(rule.bytes);
        if (rule.reason === undefined) expect(decode(bytes)).deep.equals({ f: rule.value });
        else expect(reasonOf(() => decode(bytes))).equals(rule.reason);
      }
    });

  it("keeps integers of 64 bits exact, in bytes and in both kinds of JSON", async () => {
    const { event } = await project.loadRecord("wire/v1/avro-lists", "AvroLists");
    const none = Object.fromEntries(
      "nothings flags ints floats maybes lists empties lines".split(" ").map((name) => [name, []]),
    );
    const value = { ...none, longs, doubles: {}, bytes: {}, texts: {}, maps: { a: { b: longs[2] } } };
    expect(event.codec.decode(event.codec.encode(value, 0))).deep.includes({ longs });
    for (const serialization of ["JSON", "AVRO_JSON"] as const) {
      const json = createJsonCodecs()({ ...(event as EventType), serialization });
      expect(json.decode(json.encode(value)), serialization).deep.includes({
        longs,
        maps: { a: { b: 9_007_199_254_740_993n } },
      });
    }
    for (const wrong of [2n ** 63n, -(2n ** 63n) - 1n, 5, "5"])
      expect(reasonOf(() => event.codec.encode({ ...value, longs: [wrong] }, 0), "encode_failed")).equals(
        "type-mismatch",
      );
  });
});

function reasonOf(work: () => unknown, code = "decode_failed"): unknown {
  try {
    work();
  } catch (error) {
    expect(error).instanceOf(KeryxError).property("code", code);
    return (error as KeryxError).details["reason"];
  }
  return "nothing was refused";
}
