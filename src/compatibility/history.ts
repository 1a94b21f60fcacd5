import type { HistoryEntry, ParsedSchema } from "./parsed.ts";

/** A version that a new schema may be compared with. */
export interface EarlierVersion {
  /** Its place in the history that was given. */
  readonly index: number;
  readonly schema: ParsedSchema;
}

/**
 * The versions that count, newest first: not deleted and, where a group is asked for, of that group. So "the newest"
 * is the newest of its group.
 * @param history oldest first
 * @param group empty text means the versions that belong to none
 */
export function versionsInForce(history: readonly HistoryEntry[], group?: string): readonly EarlierVersion[] {
  return history
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => entry.isDeleted !== true && (group === undefined || (entry.group ?? "") === group))
    .map(({ entry, index }) => ({ index, schema: entry.schema }))
    .reverse();
}
