import type { ProtoSchema } from "./proto-schema.ts";

/** A stand-in until descriptors can be written: nothing. */
export function encodeProto(_: ProtoSchema): Uint8Array {
  return new Uint8Array();
}
