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

interface Claim {
  readonly owner: string;
  untilMs: number;
}

/**
 * Keeps dedupe keys in this process only: another process of the same group knows nothing of them.
 *
 * Memories of done keys live in two generations; when the young one is full the old one is dropped as a
 * whole, which is several times faster than evicting one by one. Claims stand apart and are never evicted.
 */
export function createMemoryStore(clock: Clock, options: MemoryStoreOptions = {}): MemoryStore {
  const maxEntries = options.maxEntries ?? 100_000;
  const claims = new Map<string, Claim>();
  let young = new Map<string, number>();
  let old = new Map<string, number>();

  const isDone = (key: string): boolean => {
    const generation = young.has(key) ? young : old;
    const untilMs = generation.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > clock.now()) return true;
    generation.delete(key);
    return false;
  };
  const owned = (key: string, owner: string): Claim | undefined => {
    const claim = claims.get(key);
    return claim?.owner === owner && claim.untilMs > clock.now() ? claim : undefined;
  };
  const makeRoom = (): void => {
    if (2 * (young.size + claims.size) < maxEntries) return;
    old = young;
    young = new Map();
  };

  return {
    claim(key, owner, leaseMs) {
      const now = clock.now();
      const claim = claims.get(key);
      if (claim && claim.untilMs > now) return { busyUntil: claim.untilMs };
      if (isDone(key)) return "done";
      claims.set(key, { owner, untilMs: now + leaseMs });
      return "won";
    },
    renew(key, owner, leaseMs) {
      const claim = owned(key, owner);
      if (claim) claim.untilMs = clock.now() + leaseMs;
      return claim !== undefined;
    },
    done(key, owner, ttlMs) {
      if (!owned(key, owner)) return false;
      claims.delete(key);
      old.delete(key);
      makeRoom();
      young.set(key, clock.now() + ttlMs);
      return true;
    },
    release(key, owner) {
      if (!owned(key, owner)) return false;
      return claims.delete(key);
    },
    size: () => claims.size + young.size + old.size,
    async close() {
      claims.clear();
      young.clear();
      old.clear();
    },
  };
}
