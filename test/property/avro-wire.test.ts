import { expect } from "chai";
import fc from "fast-check";
import { judgeAvroWire } from "../../src/compatibility/wire-avro.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { AvroNamedType, AvroRecord, AvroType, AvroUnion } from "../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../src/schema/avro/shape.ts";
import { type AvroSchema, parseAvro } from "../../src/schema/avro.ts";
import { createResolver } from "../../src/serde/avro-resolve.ts";
import { generateBytes } from "../support/avro-bytes.ts";
import { generatePair, type Texts } from "../support/avro-pairs.ts";

/** Undefined where the generated texts are no schema: their defaults are checked here, since they will be read. */
function parseTexts(texts: Texts): AvroSchema | undefined {
  const named = new Map<string, AvroNamedType>();
  let last: AvroSchema | undefined;
  try {
    for (const text of texts) {
      last = parseAvro(text, { named, asRegistered: true });
      for (const [name, type] of last.named) named.set(name, type);
    }
  } catch (error) {
    if (error instanceof KeryxError && error.code === "schema_invalid") return undefined;
    throw error;
  }
  return last;
}

/** A value with the branch that it is of, whatever shape the union has. */
function branchOf(union: AvroUnion, value: unknown): [AvroType, unknown] {
  const shape = unionShape(union);
  const nothing = union.branches.find(({ kind }) => kind === "null");
  if (value === null && nothing !== undefined) return [nothing, null];
  if (shape.kind === "nullable") return [union.branches[shape.branch]!, value];
  if (shape.kind === "single") return [union.branches[0]!, value];
  const { kind, value: inner } = value as { kind: string; value: unknown };
  return [union.branches[shape.kinds.indexOf(kind)]!, inner];
}

/** Holds what was read against what was written, part by part, by what each type means and not by how it is shown. */
function expectMeaning(written: [AvroType, unknown], read: [AvroType, unknown], path = ""): void {
  if (written[0].kind === "union") {
    expectMeaning(branchOf(written[0], written[1]), read, path);
    return;
  }
  if (read[0].kind === "union") {
    expectMeaning(written, branchOf(read[0], read[1]), path);
    return;
  }
  const [[writer, before], [reader, after]] = [written, read];
  if (writer.kind === "record" && reader.kind === "record")
    expectFields([writer, before], [reader, after], path);
  else if (writer.kind === "array" && reader.kind === "array") {
    expect(after, path).to.have.length((before as unknown[]).length);
    for (const [index, item] of (before as unknown[]).entries())
      expectMeaning([writer.items, item], [reader.items, (after as unknown[])[index]], `${path}/${index}`);
  } else if (writer.kind === "map" && reader.kind === "map") {
    expect(Object.keys(after as object), path).to.have.members(Object.keys(before as object));
    for (const [key, item] of Object.entries(before as object))
      expectMeaning(
        [writer.values, item],
        [reader.values, (after as Record<string, unknown>)[key]],
        `${path}/${key}`,
      );
  } else if (writer.kind === "enum" && reader.kind === "enum")
    // The default of the reader's enum is a choice that its author made, and a warning tells of it.
    expect(after, path).to.equal(reader.symbols.includes(before as string) ? before : reader.default);
  else expect(plain(after), path).to.deep.equal(plain(before));
}

/** Numbers by their exact value, text and bytes by their bytes. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return `number ${value}`;
  if (typeof value === "number")
    return `number ${Number.isInteger(value) && !Object.is(value, -0) ? BigInt(value) : value}`;
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

function expectFields(
  [writer, before]: [AvroRecord, unknown],
  [reader, after]: [AvroRecord, unknown],
  path: string,
): void {
  for (const field of reader.fields) {
    const names = [field.name, ...field.aliases];
    const source = writer.fields.find(({ name }) => names.includes(name));
    const at = `${path}/${field.name}`;
    const value = (after as Record<string, unknown>)[propertyName(field.name)];
    if (source === undefined) expect(value, `${at} is filled in`).to.not.equal(undefined);
    else {
      const was = (before as Record<string, unknown>)[propertyName(source.name)];
      expectMeaning([source.type, was], [field.type, value], at);
    }
  }
}

describe("Avro data under schemas that were judged safe", () => {
  it("is read with the meaning that it was written with", () => {
    const counts = { safe: 0, warned: 0, unsafe: 0, noSchema: 0, noValue: 0, changed: 0 };
    fc.assert(
      fc.property(fc.gen(), (g) => {
        const pair = generatePair(g, { defaults: "fitting" });
        const [writer, reader] = [parseTexts(pair.older), parseTexts(pair.newer)];
        if (writer === undefined || reader === undefined) return void counts.noSchema++;
        const problems = judgeAvroWire(writer, reader);
        if (problems.some(({ severity }) => severity === "error")) return void counts.unsafe++;
        const bytes = generateBytes(g, writer.type);
        if (bytes === undefined) return void counts.noValue++;
        counts[problems.length === 0 ? "safe" : "warned"]++;
        if (pair.older.join() !== pair.newer.join()) counts.changed++;
        const before = createResolver(writer.type, writer.type)(bytes);
        const after = createResolver(writer.type, reader.type)(bytes);
        expectMeaning([writer.type, before], [reader.type, after]);
      }),
      { numRuns: 6_000 },
    );
    const summary = JSON.stringify(counts);
    for (const [what, count] of Object.entries(counts))
      expect(count, `${what} in ${summary}`).to.be.greaterThan(10);
    expect(counts.changed, summary).to.be.greaterThan(1_000);
  }).timeout(600_000);
});
