import { findDialect } from "../../src/compatibility/dialects.ts";
import type { Difference } from "../../src/compatibility/difference.ts";
import { compareProtobuf } from "../../src/compatibility/protobuf.ts";
import { linkProto, type ProtoSource } from "../../src/schema/proto/link.ts";
import type { ProtoSchema } from "../../src/schema/proto/schema.ts";

/** A .proto text; without a `syntax` or `edition` line it is proto3 in the package `p`. */
export interface ProtoText {
  readonly text: string;
  /** Taken as it is, for example because it is a descriptor. */
  readonly isComplete?: boolean;
  /** By import path. */
  readonly imports?: Readonly<Record<string, string | ProtoSource>>;
}

export function complete(text: string): string {
  return /^\s*(syntax|edition)/.test(text) ? text : `syntax = "proto3"; package p; ${text}`;
}

export function link(source: string | ProtoText): ProtoSchema {
  const {
    text,
    isComplete = false,
    imports = {},
  }: ProtoText = typeof source === "string" ? { text: source } : source;
  const sources = Object.entries(imports).map(
    ([path, one]) => [path, typeof one === "string" ? { text: complete(one) } : one] as const,
  );
  return linkProto({ text: isComplete ? text : complete(text) }, new Map(sources));
}

export function compare(
  older: string | ProtoText,
  newer: string | ProtoText,
  dialect = "confluent-head",
): readonly Difference[] {
  const found = findDialect(dialect);
  if (found === undefined) throw new Error(`No dialect ${dialect}`);
  return compareProtobuf(link(older), link(newer), found);
}

/** The multiset of kinds and paths, sorted; `!` marks an incompatible one. */
export function multiset(differences: readonly Difference[]): string[] {
  return differences.map(({ kind, path, compatible }) => `${compatible ? "" : "!"}${kind} ${path}`).sort();
}

export function isCompatible(differences: readonly Difference[]): boolean {
  return differences.every(({ compatible }) => compatible);
}
