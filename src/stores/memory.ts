import type { Clock } from "../core/clock.ts";
import type { DedupeStore } from "./port.ts";

export interface MemoryStoreOptions {
  /** Keys remembered at most, claimed and done together. Default 100,000; at least half of it always is. */
  readonly maxEntries?: number;
}

/** A dedupe store with answers that need no waiting. */
export interface MemoryStore extends DedupeStore {
  /** Keys held now, expired ones included until they are met. */
  size(): number;
}

interface Entry {
  /** Undefined: done. */
  owner: string | undefined;
  /** Since the store was made: small integers need no memory of their own. */
  untilMs: number;
  /** The young map that it was put into. */
  generation: number;
}

/**
 * Keeps dedupe keys in this process only: another process of the same group knows nothing of them.
 *
 * Keys live in two generations; when the young one is full the old one is dropped as a whole, which is several times
 * faster than evicting one by one. Claims are carried over and never evicted. A claim becomes a memory in its place:
 * every look-up in so large a map costs more than all else that is done for a key.
 */
export function createMemoryStore(clock: Clock, options: MemoryStoreOptions = {}): MemoryStore {
  const generationSize = Math.max(1, (options.maxEntries ?? 100_000) >> 1);
  const startMs = clock.now();
  let young = new Map<string, Entry>();
  let old = new Map<string, Entry>();
  // Since the last change of generations, which many claims must not bring about with every key.
  let added = 0;
  let generation = 0;
  let maxAdded = generationSize;

  const sinceStart = (): number => clock.now() - startMs;
  const owned = (key: string, owner: string, now: number): Entry | undefined => {
    const entry = young.get(key) ?? old.get(key);
    return entry?.owner === owner && entry.untilMs > now ? entry : undefined;
  };
  const add = (key: string, entry: Entry): void => {
    if (added >= maxAdded) changeGenerations();
    entry.generation = generation;
    young.set(key, entry);
    added++;
  };
  const changeGenerations = (): void => {
    const dropped = old;
    old = young;
    young = new Map();
    generation++;
    for (const [key, entry] of dropped) {
      if (entry.owner === undefined) continue;
      entry.generation = generation;
      young.set(key, entry);
    }
    added = 0;
    maxAdded = Math.max(generationSize >> 1, generationSize - young.size, 1);
  };

  return {
    claim(key, owner, leaseMs) {
      const now = sinceStart();
      const entry = young.get(key) ?? old.get(key);
      if (entry && entry.untilMs > now)
        return entry.owner === undefined ? "done" : { busyUntil: startMs + entry.untilMs };
      if (entry) old.delete(key);
      add(key, { owner, untilMs: now + leaseMs, generation });
      return "won";
    },
    renew(key, owner, leaseMs) {
      const now = sinceStart();
      const entry = owned(key, owner, now);
      if (entry) entry.untilMs = now + leaseMs;
      return entry !== undefined;
    },
    done(key, owner, ttlMs) {
      const now = sinceStart();
      const entry = owned(key, owner, now);
      if (!entry) return false;
      entry.owner = undefined;
      entry.untilMs = now + ttlMs;
      // What was claimed long ago is remembered for as long as anything else.
      if (entry.generation !== generation) {
        old.delete(key);
        add(key, entry);
      }
      return true;
    },
    release(key, owner) {
      if (!owned(key, owner, sinceStart())) return false;
      return young.delete(key) || old.delete(key);
    },
    size: () => young.size + old.size,
    async close() {
      young.clear();
      old.clear();
    },
  };
}
