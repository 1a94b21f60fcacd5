import fc, { type GeneratorValue } from "fast-check";
import {
  createWriter,
  finishWriting,
  type Writer,
  writeBoolean,
  writeBytes,
  writeDouble,
  writeFixed,
  writeFloat,
  writeIndex,
  writeInt,
  writeLong,
  writeString,
} from "../../src/codec/writer.ts";
import type { AvroType } from "../../src/schema/avro/model.ts";
import { partsOf } from "../../src/schema/avro/parts.ts";

/** Bytes of some value of a type, or undefined where no value of it ends. */
export function generateBytes(g: GeneratorValue, type: AvroType): Uint8Array | undefined {
  const heights = heightsOf(type);
  if (!heights.has(type)) return undefined;
  const writer = createWriter(0);
  write({ g, heights, writer }, type, 3);
  return finishWriting(writer);
}

/** How many types the lowest value of each type nests; absent for a type that no value of can end. */
function heightsOf(root: AvroType): ReadonlyMap<AvroType, number> {
  const all = new Set([root]);
  for (const type of all) for (const part of partsOf(type)) all.add(part);
  const heights = new Map<AvroType, number>();
  for (let found = -1; found < heights.size; ) {
    found = heights.size;
    for (const type of all) {
      const parts = partsOf(type).map((part) => heights.get(part));
      const known = parts.filter((height) => height !== undefined);
      // A list may be empty, a union takes one branch, a record takes all.
      const isKnown = type.kind === "union" ? known.length > 0 : known.length === parts.length;
      if (heights.has(type)) continue;
      if (type.kind === "array" || type.kind === "map") heights.set(type, 0);
      else if (isKnown)
        heights.set(type, 1 + (type.kind === "union" ? Math.min(...known) : Math.max(0, ...known)));
    }
  }
  return heights;
}

interface Writing {
  readonly g: GeneratorValue;
  readonly heights: ReadonlyMap<AvroType, number>;
  readonly writer: Writer;
}

const edges = {
  int: [0, 1, -1, 2 ** 24 + 1, -(2 ** 31), 2 ** 31 - 1],
  long: [0n, -1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n],
  double: [0, 0.1, -1.5, 1e300, 2 ** 53],
  float: [0, 0.5, -1.5, 2 ** 24],
};
const somePart = (): fc.Arbitrary<number> => fc.nat({ max: 2 });

function write(writing: Writing, type: AvroType, room: number): void {
  const { g, heights, writer } = writing;
  const pick = <T>(items: readonly T[]): T => items[g(fc.nat, { max: items.length - 1 })]!;
  if (type.logical !== undefined) writeLogical(writing, type);
  else if (type.kind === "boolean") writeBoolean(writer, g(fc.boolean), "");
  else if (type.kind === "int") writeInt(writer, g(fc.boolean) ? pick(edges.int) : g(fc.nat), "");
  else if (type.kind === "long") writeLong(writer, g(fc.boolean) ? pick(edges.long) : BigInt(g(fc.nat)), "");
  else if (type.kind === "float") writeFloat(writer, pick(edges.float), "");
  else if (type.kind === "double") writeDouble(writer, pick(edges.double), "");
  else if (type.kind === "bytes") writeBytes(writer, Uint8Array.of(g(fc.nat, { max: 255 }), 0xff), "");
  else if (type.kind === "string") writeString(writer, pick(["", "é", "text"]), "");
  else if (type.kind === "fixed") writeFixed(writer, new Uint8Array(type.size).fill(0xa7), type.size, "");
  else if (type.kind === "enum") writeIndex(writer, g(fc.nat, { max: type.symbols.length - 1 }));
  else if (type.kind === "record") for (const field of type.fields) write(writing, field.type, room - 1);
  else if (type.kind === "union") {
    const open = [...type.branches.entries()].filter(([, branch]) => heights.has(branch));
    const lowest = Math.min(...open.map(([, branch]) => heights.get(branch)!));
    // Out of room, the branch that ends soonest.
    const [index, branch] = pick(room > 0 ? open : open.filter(([, one]) => heights.get(one) === lowest));
    writeIndex(writer, index);
    write(writing, branch, room - 1);
  } else if (type.kind === "array" || type.kind === "map") {
    const part = type.kind === "array" ? type.items : type.values;
    const count = room > 0 && heights.has(part) ? g(somePart) : 0;
    if (count > 0) writeIndex(writer, count);
    for (let index = 0; index < count; index++) {
      if (type.kind === "map") writeString(writer, `key ${index}`, "");
      write(writing, part, room - 1);
    }
    writeIndex(writer, 0);
  }
}

function writeLogical({ g, writer }: Writing, type: AvroType): void {
  const small = g(fc.nat, { max: 86_399_999 });
  if (type.logical?.kind === "decimal")
    writeBytes(writer, Uint8Array.of(g(fc.nat, { max: 3 }), g(fc.nat, { max: 255 })), "");
  else if (type.kind === "int") writeInt(writer, type.logical?.kind === "date" ? small % 20_000 : small, "");
  else if (type.kind === "long") writeLong(writer, BigInt(small) * 20_000n, "");
  else writeString(writer, "123e4567-e89b-12d3-a456-426614174000", "");
}
