import avsc from "avsc";

/** avsc keeps longs exact when it is told how. */
export const bigLong: avsc.types.LongType = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
}) as avsc.types.LongType;

/** avsc with exact longs and every union wrapped, so that a branch is never guessed; logical types are left out. */
export function avscOf(schema: string): avsc.Type {
  return avsc.Type.forSchema(withoutLogicalTypes(schema) as avsc.Schema, {
    wrapUnions: "always",
    registry: { long: bigLong },
  });
}

/** A schema of what is on the wire, and nothing of what it means. */
export function withoutLogicalTypes(schema: string): unknown {
  return JSON.parse(schema, (_key, value) => {
    // It knows its longs by their name alone.
    if (typeof value?.type === "string" && Object.keys(value).length === 1) return value.type;
    if (typeof value?.logicalType !== "string") return value;
    const { logicalType: _, precision: __, scale: ___, ...plain } = value;
    return plain.name === undefined ? plain.type : plain;
  });
}
