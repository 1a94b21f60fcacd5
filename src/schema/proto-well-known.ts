import type { ImportedProto } from "./proto-schema.ts";

/** A file that every registry knows without being given it. */
export function wellKnownProto(_path: string): ImportedProto | undefined {
  return undefined;
}
