import type { Lock, LockedEvent, LockedVersion } from "./lock.ts";
import { isSameWire, type ReleasedVersion } from "./lock-release.ts";
import { canonicalJson } from "./lock-seal.ts";

/** Three states of a lock file, as a merge sees them. */
export interface LockSides {
  /** What both come from; absent when both added the file. */
  readonly base?: Lock;
  readonly ours: Lock;
  readonly theirs: Lock;
}

/**
 * One lock file with the released versions of both sides. Where both released the same event, the versions that both
 * know come first, then ours, then theirs; our policy holds. Drafts are ours: `generate` writes them anew.
 */
export function mergeLocks({ base, ours, theirs }: LockSides): Lock {
  const events = new Map<string, LockedEvent>();
  for (const name of new Set([...ours.events.keys(), ...theirs.events.keys()])) {
    const merged = mergeEvent(base?.events.get(name), ours.events.get(name), theirs.events.get(name));
    if (merged !== undefined) events.set(name, merged);
  }
  return { events };
}

function mergeEvent(
  base: LockedEvent | undefined,
  ours: LockedEvent | undefined,
  theirs: LockedEvent | undefined,
): LockedEvent | undefined {
  // Taken out on one side: it stays out, unless the other side has released something of it since.
  if (ours === undefined || theirs === undefined) {
    const left = ours ?? theirs;
    return base !== undefined && left !== undefined && isSameRelease(base, left) ? undefined : left;
  }
  const draft = ours.draft === undefined ? {} : { draft: ours.draft };
  if (isSameRelease(ours, theirs) || (base !== undefined && isSameRelease(base, theirs))) return ours;
  if (base !== undefined && isSameRelease(base, ours)) return { ...withoutDraft(theirs), ...draft };
  const { released } = ours.released === undefined ? theirs : ours;
  if (released === undefined) return ours;
  const versions = mergeVersions(allOf(ours), allOf(theirs)).map(
    ({ subject, format, ...rest }): LockedVersion => ({
      ...rest,
      ...(subject === released.subject ? {} : { subject }),
      ...(format === released.format ? {} : { format }),
    }),
  );
  return { released, versions, ...draft };
}

function withoutDraft({ draft: _, ...rest }: LockedEvent): LockedEvent {
  return rest;
}

function isSameRelease(a: LockedEvent, b: LockedEvent): boolean {
  return canonicalJson([a.released, a.versions]) === canonicalJson([b.released, b.versions]);
}

/** The versions of an event with the subject and format of each. */
function allOf({ released, versions }: LockedEvent): readonly ReleasedVersion[] {
  if (released === undefined) return [];
  const { subject, format } = released;
  return versions.map((one) => ({ subject, format, ...one }));
}

/** Those of ours, then what theirs has beside; what one side did not know about a version comes from the other. */
function mergeVersions(
  ours: readonly ReleasedVersion[],
  theirs: readonly ReleasedVersion[],
): readonly ReleasedVersion[] {
  const isSame = (a: ReleasedVersion, b: ReleasedVersion): boolean =>
    a.subject === b.subject && a.format === b.format && isSameWire(a, b);
  const own = ours.map((one) => {
    const twin = theirs.find((other) => isSame(one, other));
    return twin === undefined || one.id !== undefined ? one : twin;
  });
  return [...own, ...theirs.filter((one) => !ours.some((other) => isSame(one, other)))];
}
