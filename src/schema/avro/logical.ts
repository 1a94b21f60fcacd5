import type { JsonMember, JsonNode } from "../json.ts";
import type { AvroLogical, AvroPrimitive } from "./model.ts";

/** What a logical type may annotate: a primitive, or fixed with its size. */
export type Annotated =
  | { readonly kind: AvroPrimitive }
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "other" };

type Simple = Exclude<AvroLogical["kind"], "decimal" | "uuid" | "duration">;

const bases: Readonly<Record<Simple, AvroPrimitive>> = {
  date: "int",
  "time-millis": "int",
  "time-micros": "long",
  "timestamp-millis": "long",
  "timestamp-micros": "long",
  "timestamp-nanos": "long",
  "local-timestamp-millis": "long",
  "local-timestamp-micros": "long",
  "local-timestamp-nanos": "long",
};

/** The logical type of a node. Unknown or wrongly used ones are ignored, as the specification asks. */
export function readLogical(
  members: ReadonlyMap<string, JsonMember>,
  base: Annotated,
): AvroLogical | undefined {
  const node = members.get("logicalType")?.value;
  if (node?.kind !== "string") return undefined;
  const name = node.value;
  if (isSimple(name)) return bases[name] === base.kind ? { kind: name } : undefined;
  if (name === "uuid")
    return base.kind === "string" || (base.kind === "fixed" && base.size === 16)
      ? { kind: "uuid" }
      : undefined;
  if (name === "duration")
    return base.kind === "fixed" && base.size === 12 ? { kind: "duration" } : undefined;
  if (name === "decimal") return readDecimal(members, base);
  return undefined;
}

function isSimple(name: string): name is Simple {
  return Object.hasOwn(bases, name);
}

function readDecimal(members: ReadonlyMap<string, JsonMember>, base: Annotated): AvroLogical | undefined {
  const precision = toCount(members.get("precision")?.value);
  const scale = members.has("scale") ? toCount(members.get("scale")?.value) : 0;
  if (precision === undefined || scale === undefined || precision < 1 || scale > precision) return undefined;
  if (base.kind === "fixed") {
    const digits = Math.floor(Math.log10(2) * (8 * base.size - 1));
    return precision <= digits ? { kind: "decimal", precision, scale } : undefined;
  }
  return base.kind === "bytes" ? { kind: "decimal", precision, scale } : undefined;
}

/** A non-negative integer written without sign, point or exponent, within 32 bits. */
export function toCount(node: JsonNode | undefined): number | undefined {
  if (node?.kind !== "number" || !/^(0|[1-9][0-9]{0,9})$/.test(node.text)) return undefined;
  const value = Number(node.text);
  return value <= 2_147_483_647 ? value : undefined;
}
