import type { CompatibilityLevel, SchemaFormat } from "../../src/core/event.ts";
import type { Lock, LockedContract } from "../model/lock.ts";
import type { WireReferenceModel } from "../model/model.ts";
import { compare } from "../model/order.ts";

/** What a version is called: its number, or the name of a baseline that gives it none, such as `git:main`. */
export type VersionName = number | string;

/** A schema that was released, or that stands for what is. */
export interface BaselineVersion {
  readonly name: VersionName;
  readonly format: SchemaFormat;
  readonly schema: string;
  readonly references: readonly WireReferenceModel[];
}

/** What an event promised. */
export interface BaselineEvent {
  readonly contract: LockedContract;
  /** Protobuf message index path; empty for Avro. */
  readonly index: readonly number[];
  /** The version that the promise was made with. */
  readonly name: VersionName;
}

/** What the project is compared with, whatever it was read from. */
export interface Baseline {
  /** As it was asked for, for example `git:main`. */
  readonly label: string;
  /** By full name. */
  readonly events: ReadonlyMap<string, BaselineEvent>;
  /** By subject, oldest version first. */
  readonly histories: ReadonlyMap<string, readonly BaselineVersion[]>;
  /** Levels in force at a registry, by subject. */
  readonly levels?: ReadonlyMap<string, CompatibilityLevel>;
  /** The lock file as the baseline has it, where it is another one than the project's. */
  readonly lock?: Lock;
}

/** What was released, by the lock file; drafts are not looked at. */
export function baselineOfLock(lock: Lock): Baseline {
  const events = new Map<string, BaselineEvent>();
  const histories = new Map<string, BaselineVersion[]>();
  for (const [name, { released, versions }] of [...lock.events].sort(([a], [b]) => compare(a, b))) {
    const newest = versions.at(-1);
    if (released === undefined || newest === undefined) continue;
    const own = versions.map(({ version, schema, references }, at): BaselineVersion => {
      return { name: version ?? at + 1, format: released.format, schema, references };
    });
    events.set(name, {
      contract: released,
      index: newest.index,
      name: newest.version ?? versions.length,
    });
    const before = histories.get(released.subject);
    if (before === undefined) histories.set(released.subject, own);
    else before.push(...own);
  }
  for (const versions of histories.values()) versions.sort(byNumber);
  return { label: "lock", events, histories };
}

/** One after the other as the registry counted; what it has not counted keeps its order. */
function byNumber({ name: a }: BaselineVersion, { name: b }: BaselineVersion): number {
  return typeof a === "number" && typeof b === "number" ? a - b : 0;
}
