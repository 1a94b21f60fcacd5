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

interface Lease {
  readonly owner: string;
  untilMs: number;
  /** The young map that it was put into. */
  generation: number;
}

/**
 * What a key stands for: a lease, or until when it is done. Times are since the store was made: as small integers they
 * need no memory of their own, and what is done lives long.
 */
type Entry = Lease | number;

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
  const held = (key: string, owner: string, now: number): Lease | undefined => {
    const entry = young.get(key) ?? old.get(key);
    return typeof entry === "object" && entry.owner === owner && entry.untilMs > now ? entry : undefined;
  };
  const makeRoom = (): void => {
    if (added >= maxAdded) changeGenerations();
    added++;
  };
  const changeGenerations = (): void => {
    const dropped = old;
    old = young;
    young = new Map();
    generation++;
    for (const [key, entry] of dropped) {
      if (typeof entry === "number") continue;
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
      if (typeof entry === "number" && entry > now) return "done";
      if (typeof entry === "object" && entry.untilMs > now) return { busyUntil: startMs + entry.untilMs };
      if (entry !== undefined) old.delete(key);
      makeRoom();
      young.set(key, { owner, untilMs: now + leaseMs, generation });
      return "won";
    },
    renew(key, owner, leaseMs) {
      const now = sinceStart();
      const lease = held(key, owner, now);
      if (lease) lease.untilMs = now + leaseMs;
      return lease !== undefined;
    },
    done(key, owner, ttlMs) {
      const now = sinceStart();
      const lease = held(key, owner, now);
      if (!lease) return false;
      // What was claimed long ago is remembered for as long as anything else.
      if (lease.generation !== generation) {
        old.delete(key);
        makeRoom();
      }
      young.set(key, now + ttlMs);
      return true;
    },
    release(key, owner) {
      if (!held(key, owner, sinceStart())) return false;
      return young.delete(key) || old.delete(key);
    },
    size: () => young.size + old.size,
    async close() {
      young.clear();
      old.clear();
    },
  };
}
