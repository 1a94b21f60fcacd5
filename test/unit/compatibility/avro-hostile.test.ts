import { expect } from "chai";
import { compareAvro } from "../../../src/compatibility/avro.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { type AvroSchema, parseAvro } from "../../../src/schema/avro.ts";
import { array, enumOf, field, fixed, map, record } from "../../support/avro-schemas.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

const parse = (schema: unknown): AvroSchema => parseAvro(JSON.stringify(schema), { asRegistered: true });

describe("comparing Avro schemas that were made to be hard", () => {
  const limitOf = (task: () => unknown): unknown => {
    try {
      task();
    } catch (error) {
      if (error instanceof KeryxError && error.code === "schema_invalid") return error.details["fault"];
      throw error;
    }
    return "none";
  };

  it("takes time in proportion to the fields", () => {
    const fields = Array.from({ length: 5_000 }, (_, index) =>
      field(`f${index}`, "int", { aliases: [`g${index}`] }),
    );
    const reader = parse(record("R", fields.toReversed()));
    const writer = parse(record("R", fields));
    const timeMs = cpuTimeMs(() => expect(compareAvro(reader, writer)).to.deep.equal([]));
    expect(timeMs).to.be.lessThan(500);
  });

  it("lists a difference of each of 5,000 fields", () => {
    const fields = (type: string): object[] =>
      Array.from({ length: 5_000 }, (_, index) => field(`f${index}`, type));
    expect(
      compareAvro(parse(record("R", fields("int"))), parse(record("R", fields("string")))),
    ).to.have.length(5_000);
  });

  /** Record 0 has the type, each other one has the one before it twice: 2^count ways lead to the first. */
  const doubling = (count: number, type: string): unknown =>
    Array.from({ length: count }, (_, index) =>
      record(
        `R${index}`,
        index === 0 ? [field("x", type)] : [field("a", `R${index - 1}`), field("b", `R${index - 1}`)],
      ),
    );
  const nested = (count: number, type: string): unknown => {
    let inner: unknown = record("R0", [field("x", type)]);
    for (let index = 1; index < count; index++)
      inner = record(`R${index}`, [field("a", inner), field("b", `R${index - 1}`)]);
    return inner;
  };

  it("cuts a list that doubles with every level", () => {
    const found = compareAvro(parse(nested(40, "int")), parse(nested(40, "string")));
    expect(found.length).to.be.within(10_000, 49_999);
    expect(compareAvro(parse(nested(17, "int")), parse(nested(17, "string")))).to.have.length(50_000);
    expect(new Set(found.map(({ path }) => path))).to.have.property("size", 1);
  });

  it("compares a list that doubles and fits as it is", () => {
    expect(compareAvro(parse(nested(11, "int")), parse(nested(11, "string")))).to.have.length(2 ** 10);
  });

  it("is done with doubling branches of a union at once", () => {
    expect(compareAvro(parse(doubling(60, "int")), parse(doubling(60, "string")))).to.have.length(60);
  });

  it("goes as deep as a text can nest", () => {
    let [reader, writer]: unknown[] = ["int", "string"];
    for (let depth = 0; depth < 60; depth++) [reader, writer] = [array(reader), array(writer)];
    expect(compareAvro(parse(reader), parse(writer)).map(({ path }) => path)).to.deep.equal([
      `/${"items/".repeat(60).slice(0, -1)}`,
    ]);
  });

  it("stops at a limit where names lead ever deeper", () => {
    const chain = (count: number): unknown => [
      ...Array.from({ length: count }, (_, index) =>
        record(`R${index}`, index === 0 ? [] : [field("a", `R${index - 1}`)]),
      ),
      map(`R${count - 1}`),
    ];
    const deep = (count: number): AvroSchema => {
      const schema = parse(chain(count));
      const type = schema.type.kind === "union" ? schema.type.branches.at(-1) : undefined;
      return { ...schema, type: type! };
    };
    expect(limitOf(() => compareAvro(deep(450), deep(450)))).to.equal("none");
    expect(limitOf(() => compareAvro(deep(5_000), deep(5_000)))).to.equal("limit");
  });

  it("stops at a limit where every branch is tried against every other one", () => {
    const wide = (stem: string): AvroSchema =>
      parse(Array.from({ length: 3_000 }, (_, index) => fixed(`${stem}${index}`, 1)));
    expect(limitOf(() => compareAvro(wide("A"), wide("B")))).to.equal("limit");
  });

  it("bounds what it says of enums that miss thousands of symbols each", () => {
    const symbols = Array.from({ length: 9_000 }, (_, index) => `SYMBOL_WITH_A_LONG_NAME_${index}`);
    const writer = record("R", [
      field("f0", enumOf("E", symbols)),
      ...Array.from({ length: 99 }, (_, index) => field(`f${index + 1}`, "E")),
    ]);
    const reader = record(
      "R",
      Array.from({ length: 100 }, (_, index) => field(`f${index}`, enumOf(`n${index}.E`, ["A"]))),
    );
    const found = compareAvro(parse(reader), parse(writer));
    expect(found.length).to.be.within(1, 99);
    expect(found.reduce((sum, { message }) => sum + message.length, 0)).to.be.lessThan(17_000_000);
  });
});
