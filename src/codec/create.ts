import { encodeRefusal } from "../core/coded-error.ts";
import type { KeryxError } from "../core/errors.ts";
import { deepest } from "../core/limits.ts";
import { setOwn } from "./own.ts";

function refuseInit(at: string, what: string): KeryxError {
  return encodeRefusal(`${at}: ${what}`, { path: at });
}

/** Refuses an init value that nobody may write, so that completing it cannot exhaust the stack. */
export function checkDepth(depth: number, at: string): void {
  if (depth >= deepest) throw refuseInit(at, `nested deeper than ${deepest}`);
}

/** Completes every item of a list. */
export function createList<Init, Value>(
  list: readonly Init[],
  at: string,
  complete: (item: Init) => Value,
): Value[] {
  if (!Array.isArray(list)) throw refuseInit(at, "expected a list");
  return Array.from<Init, Value>(list, complete);
}

/** Completes every value of a map; keys are the map's own. */
export function createMap<Init, Value>(
  map: Readonly<Record<string, Init>>,
  at: string,
  complete: (item: Init) => Value,
): Record<string, Value> {
  if (typeof map !== "object" || map === null) throw refuseInit(at, "expected an object");
  const result: Record<string, Value> = {};
  for (const [key, item] of Object.entries(map)) setOwn(result, key, complete(item));
  return result;
}

/** The refusal of a union value whose kind the schema does not know. */
export function unknownKind(at: string): KeryxError {
  return refuseInit(at, "the union has no such kind");
}
