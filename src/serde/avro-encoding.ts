import { logicalsClash } from "../schema/avro/match.ts";
import type { AvroType } from "../schema/avro/model.ts";
import { partsOf } from "../schema/avro/parts.ts";

/** True when both describe the same bytes with the same meaning, so that the reader's own codec reads the writer's data. */
export function isSameEncoding(writer: AvroType, reader: AvroType): boolean {
  const seen = new Map<AvroType, Set<AvroType>>();
  const open: [AvroType, AvroType][] = [[writer, reader]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair;
    const known = seen.get(one) ?? new Set();
    if (known.has(other)) continue;
    seen.set(one, known.add(other));
    if (!isSameNode(one, other)) return false;
    const [parts, others] = [partsOf(one), partsOf(other)];
    if (parts.length !== others.length) return false;
    for (const [index, part] of parts.entries()) {
      const counterpart = others[index];
      if (counterpart !== undefined) open.push([part, counterpart]);
    }
  }
  return true;
}

function isSameNode(one: AvroType, other: AvroType): boolean {
  if (one.kind !== other.kind || logicalsClash(one.logical, other.logical)) return false;
  if ("name" in one && "name" in other && one.name !== other.name) return false;
  if (one.kind === "record" && other.kind === "record")
    return isSameList(
      one.fields.map(({ name }) => name),
      other.fields.map(({ name }) => name),
    );
  if (one.kind === "enum" && other.kind === "enum") return isSameList(one.symbols, other.symbols);
  return one.kind !== "fixed" || other.kind !== "fixed" || one.size === other.size;
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
