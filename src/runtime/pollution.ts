import { setOwn } from "../codec/own.ts";

/** Something was added to every object, so that absent fields seem to be there. */
export function isPolluted(): boolean {
  for (const _ in {}) return true;
  return false;
}

/** The same value on objects without a prototype; bytes stay as they are. */
export function ownOnly<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(ownOnly) as T;
  const copy = Object.create(null);
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, ownOnly(item));
  return copy;
}
