/** Remembers a bounded number of things; the one that was not asked for longest goes first. */
export interface Lru<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
}

export function createLru<Key, Value>(max: number): Lru<Key, Value> {
  // A Map keeps the order of insertion, so inserting again moves an entry to the young end.
  const entries = new Map<Key, Value>();
  return {
    get(key) {
      const value = entries.get(key);
      // Below half of the bound nothing will be evicted soon, and the hot path stays a single look-up.
      if (value === undefined || entries.size * 2 < max) return value;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= max) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        return;
      }
    },
  };
}
