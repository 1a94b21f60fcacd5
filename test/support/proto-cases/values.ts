import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { Random } from "./random.ts";

/** A message of any values, or undefined where one that is required leads back to itself. */
export function generateMessage(random: Random, desc: DescMessage, depth = 0): ReflectMessage | undefined {
  if (depth > 5) return undefined;
  const message = reflect(desc);
  const chosen = new Map(desc.oneofs.map((oneof) => [oneof, random.pick(oneof.fields)]));
  for (const field of desc.fields) {
    const isRequired = isAlwaysWritten(field);
    if (!isRequired && (random.chance(0.3) || (depth > 2 && field.message !== undefined))) continue;
    if (field.oneof !== undefined && chosen.get(field.oneof) !== field) continue;
    if (!setField(random, message, field, depth) && isRequired) return undefined;
  }
  return message;
}

/** LEGACY_REQUIRED of the feature field_presence. */
export function isAlwaysWritten(field: DescField): boolean {
  return field.presence === 3;
}

function setField(random: Random, message: ReflectMessage, field: DescField, depth: number): boolean {
  const count = 1 + random.below(3);
  switch (field.fieldKind) {
    case "list":
      for (let index = 0; index < count; index++) {
        const value = generateValue(random, field, depth);
        if (value !== undefined) message.get(field).add(value);
      }
      return true;
    case "map":
      for (let index = 0; index < count; index++) {
        const value = generateValue(random, field, depth);
        const key = generateScalar(random, field.mapKey) as string | number | bigint | boolean;
        if (value !== undefined) message.get(field).set(key, value);
      }
      return true;
    default: {
      const value = generateValue(random, field, depth);
      if (value !== undefined) message.set(field, value);
      return value !== undefined;
    }
  }
}

function generateValue(random: Random, field: DescField, depth: number): unknown {
  if (field.message !== undefined) return generateMessage(random, field.message, depth + 1);
  if (field.enum !== undefined) return generateEnumValue(random, field.enum);
  return field.scalar === undefined ? undefined : generateScalar(random, field.scalar);
}

function generateEnumValue(random: Random, { values }: DescEnum): number {
  return random.pick(values).number;
}

const unsigned64 = 2n ** 64n - 1n;
const lowest64 = -(2n ** 63n);

/** Values that show where a type ends. */
function generateScalar(random: Random, type: ScalarType): unknown {
  switch (type) {
    case ScalarType.BOOL:
      return random.chance(0.5);
    case ScalarType.STRING:
      return random.pick(["", "x", "ärger", "日本", "a longer text"]);
    case ScalarType.BYTES:
      return random.pick([new Uint8Array(), new Uint8Array([0xff, 0xfe]), new Uint8Array([1, 2, 3])]);
    case ScalarType.FLOAT:
      return random.pick([0, 1.5, -0.25, Infinity]);
    case ScalarType.DOUBLE:
      return random.pick([0, 0.1, -1e300, NaN]);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return random.pick([0, 1, -1, 300, 2_147_483_647, -2_147_483_648]);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return random.pick([0, 1, 300, 2_147_483_648, 4_294_967_295]);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return random.pick([0n, 1n, 300n, 2n ** 32n, unsigned64]);
    default:
      return random.pick([0n, 1n, -1n, 2n ** 40n, lowest64, -lowest64 - 1n]);
  }
}
