/** The value as it was given, also where something was added to every object, so that absent fields seem to be there. */
export function unpolluted<T>(value: T): T {
  for (const _ in {}) return ownOnly(value);
  return value;
}

/** The same value on objects without a prototype; bytes stay as they are. */
function ownOnly<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(ownOnly) as T;
  const entries = Object.entries(value).map(([key, item]) => [key, ownOnly(item)]);
  return Object.setPrototypeOf(Object.fromEntries(entries), null);
}
