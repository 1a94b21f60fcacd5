/**
 * Sets a property as the object's own. `__proto__` has to be defined: assigning it would set the prototype.
 */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

/** Builds a map from entries; every key becomes an own property. */
export function mapOf<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const map: Record<string, T> = {};
  for (const [key, value] of entries) setOwn(map, key, value);
  return map;
}

/** Reads an own property; whatever a prototype offers under that name counts as absent. */
export function own<T extends object, K extends keyof T>(target: T, key: K): T[K] {
  const there = typeof target === "object" && target !== null && Object.hasOwn(target, key);
  // An absent required field becomes `undefined` against its type on purpose: encoding refuses it, naming its path.
  return there ? target[key] : (undefined as T[K]);
}

const has = Object.prototype.hasOwnProperty;

/** True for an own property. Where `key` comes from `for … in`, this call costs nothing, and `Object.hasOwn` does. */
export function isOwn(target: object, key: string): boolean {
  return has.call(target, key);
}

/** Sets an entry of a map whose keys may be numbers in the schema. */
export function setEntry<T>(map: { [key: number]: T }, key: string, value: T): void {
  setOwn(map as Record<string, T>, key, value);
}

/** A map with every value replaced; keys are the map's own. */
export function mapValues<T, U>(
  map: { readonly [key: number]: T },
  change: (value: T) => U,
): Record<string, U> {
  return mapOf(Object.entries<T>(map as Record<string, T>).map(([key, value]) => [key, change(value)]));
}

/** True for a finished Protobuf message of that name, as opposed to an init value. */
export function isMessage<T extends { readonly $typeName: string }>(
  value: object,
  name: T["$typeName"],
): value is T {
  return Object.hasOwn(value, "$typeName") && (value as Partial<T>).$typeName === name;
}
