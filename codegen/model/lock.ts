import { hash } from "node:crypto";
import { KeryxError } from "../../src/core/errors.ts";
import type { CompatibilityLevel, SchemaFormat, Serialization } from "../../src/core/event.ts";
import { sealOf } from "./lock-seal.ts";
import type { EventModel, ProjectModel } from "./model.ts";
import { compare } from "./order.ts";

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
  /** Absent: BINARY. Otherwise nothing of the event is registered. */
  readonly serialization?: Exclude<Serialization, "BINARY">;
  readonly owner?: string;
  /** Dotted property paths, sorted. */
  readonly sensitive: readonly string[];
}

/** A schema that another one imports, as it was then, with the place that it is registered in. */
export interface LockedReference {
  /** As in the text: the import path, or the full name. */
  readonly name: string;
  readonly subject: string;
  /** Version under its subject, where a registry named it. */
  readonly version?: number;
  readonly schema: string;
  readonly references: readonly LockedReference[];
}

/** A wire schema. */
export interface LockedSchema {
  readonly fingerprint: string;
  /** Protobuf message index path; empty for Avro. */
  readonly index: readonly number[];
  readonly schema: string;
  readonly references: readonly LockedReference[];
}

/** A released wire schema; what the registry gave it, where that is known. */
export interface LockedVersion extends LockedSchema {
  /** Subject that it was released under; absent when it is the event's present one. */
  readonly subject?: string;
  /** Format that it was released in; absent when it is the event's present one. */
  readonly format?: SchemaFormat;
  readonly id?: number;
  readonly version?: number;
  readonly guid?: string;
}

export interface LockedEvent {
  /** What held when the newest version was released; absent before the first release. */
  readonly released?: LockedContract;
  /** Released wire schemas, oldest first. Only ever appended to. */
  readonly versions: readonly LockedVersion[];
  /** What the schemas say now; absent when the event is gone from them. */
  readonly draft?: LockedContract & { readonly schema: LockedSchema };
}

/** What an event promises besides its fields. */
export interface LockedContract {
  readonly format: SchemaFormat;
  readonly subject: string;
  readonly policy: LockedPolicy;
}

/** `schemas.lock.json`: events by full name. */
export interface Lock {
  readonly events: ReadonlyMap<string, LockedEvent>;
}

export const emptyLock: Lock = { events: new Map() };
export const lockVersion = 1;

/** SHA-256 of a wire schema, lower-case hex. */
export function fingerprintOf(schema: string): string {
  return hash("sha256", schema);
}

/** The lock with the drafts of a model; what was released stays as it is. */
export function updateLock(lock: Lock, model: ProjectModel): Lock {
  const events = new Map<string, LockedEvent>();
  for (const [name, { draft: _, ...released }] of lock.events)
    if (released.versions.length > 0) events.set(name, released);
  for (const event of model.events) {
    const known = events.get(event.name) ?? { versions: [] };
    events.set(event.name, { ...known, draft: draftOf(event) });
  }
  return { events };
}

function draftOf(event: EventModel): NonNullable<LockedEvent["draft"]> {
  const { options, wire, index, format, sensitive } = event;
  const { fingerprint, schema, references } = wire;
  return {
    format,
    subject: options.subject.value,
    policy: {
      type: options.type.value,
      topic: options.topic.value,
      ...(options.key ? { key: options.key.value.text } : {}),
      ...(options.id ? { id: options.id.value.text } : {}),
      ...(options.time ? { time: options.time.value.text } : {}),
      compatibility: options.compatibility.value,
      retry: { delaysMs: options.retryDelaysMs.value },
      deadLetter: options.deadLetter.value,
      ordered: options.ordered.value,
      ...(options.serialization.value === "BINARY" ? {} : { serialization: options.serialization.value }),
      ...(options.owner ? { owner: options.owner.value } : {}),
      sensitive,
    },
    schema: { fingerprint, index, references, schema },
  };
}

/** Whole histories of many events; still a bound. */
export const maxLockBytes: number = 64 * 1_048_576;

/**
 * The text of the lock file: one block an event, sorted by name, the same on every machine.
 * @throws KeryxError `generate_failed` for one that could not be read again
 */
export function formatLock(lock: Lock): string {
  const blocks = [...lock.events]
    .sort(([a], [b]) => compare(a, b))
    .map(([name, { released, versions, draft }]) => {
      const { schema, ...contract } = draft ?? {};
      const seal = sealOf({ released, versions });
      const block = {
        ...released,
        ...(seal === undefined ? {} : { seal }),
        versions: versions.map(inKeyOrder),
        ...(draft === undefined ? {} : { draft: { ...contract, ...schema } }),
      };
      return `    ${JSON.stringify(name)}: ${JSON.stringify(block, null, 2).replaceAll("\n", "\n    ")}`;
    });
  const events = blocks.length === 0 ? "{}" : `{\n${blocks.join(",\n")}\n  }`;
  const text = `{\n  "lockVersion": ${lockVersion},\n  "events": ${events}\n}\n`;
  if (Buffer.byteLength(text) <= maxLockBytes) return text;
  throw new KeryxError("generate_failed", `schemas.lock.json would be larger than ${maxLockBytes} bytes.`, {
    help: "Give each event a file of its own, with types that several need in files that those import: the text of a file stands in the lock file once for each of its events and versions.",
  });
}

/** Keys in one order, whoever put the version together. */
function inKeyOrder(one: LockedVersion): LockedVersion {
  const { subject, format, id, version, guid, fingerprint, index, schema } = one;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(format === undefined ? {} : { format }),
    ...(id === undefined ? {} : { id }),
    ...(version === undefined ? {} : { version }),
    ...(guid === undefined ? {} : { guid }),
    ...{ fingerprint, index, references: one.references.map(referenceInKeyOrder), schema },
  };
}

function referenceInKeyOrder({
  name,
  subject,
  version,
  schema,
  references,
}: LockedReference): LockedReference {
  return {
    ...{ name, subject },
    ...(version === undefined ? {} : { version }),
    ...{ schema, references: references.map(referenceInKeyOrder) },
  };
}
