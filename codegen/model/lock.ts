import type { CompatibilityLevel, SchemaFormat } from "../../src/core/event.ts";
import type { WireReferenceModel } from "./model.ts";

/** The policy of an event as the lock file keeps it; paths as written in the schema. */
export interface LockedPolicy {
  readonly type: string;
  readonly topic: string;
  readonly key?: string;
  readonly id?: string;
  readonly time?: string;
  readonly compatibility: CompatibilityLevel;
  readonly retry: { readonly delaysMs: readonly number[] };
  readonly deadLetter: string;
  readonly ordered: boolean;
  readonly owner?: string;
  /** Dotted property paths, sorted. */
  readonly sensitive: readonly string[];
}

/** A wire schema. */
export interface LockedSchema {
  readonly fingerprint: string;
  /** Protobuf message index path; empty for Avro. */
  readonly index: readonly number[];
  readonly schema: string;
  readonly references: readonly WireReferenceModel[];
}

/** A released wire schema; what the registry gave it, where that is known. */
export interface LockedVersion extends LockedSchema {
  readonly id?: number;
  readonly version?: number;
  readonly guid?: string;
}

export interface LockedEvent {
  /** What held when the newest version was released; absent before the first release. */
  readonly released?: {
    readonly format: SchemaFormat;
    readonly subject: string;
    readonly policy: LockedPolicy;
  };
  /** Released wire schemas, oldest first. Only ever appended to. */
  readonly versions: readonly LockedVersion[];
  /** What the schemas say now; absent when the event is gone from them. */
  readonly draft?: {
    readonly format: SchemaFormat;
    readonly subject: string;
    readonly policy: LockedPolicy;
    readonly schema: LockedSchema;
  };
}

/** `schemas.lock.json`: by full name of the event. */
export interface Lock {
  readonly events: ReadonlyMap<string, LockedEvent>;
}

export const emptyLock: Lock = { events: new Map() };
