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

  // Claiming meets every memory that is over, so that no key ever stands in both generations.
  const isDone = (key: string, now: number): boolean => {
    const untilMs = young.get(key) ?? old.get(key);
    if (untilMs === undefined || untilMs > now) return untilMs !== undefined;
    if (!young.delete(key)) old.delete(key);
    return false;
  };
  const owned = (key: string, owner: string, now: number): Claim | undefined => {
    const claim = claims.get(key);
    return claim?.owner === owner && claim.untilMs > now ? claim : undefined;
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
      if (isDone(key, now)) return "done";
      claims.set(key, { owner, untilMs: now + leaseMs });
      return "won";
    },
    renew(key, owner, leaseMs) {
      const now = clock.now();
      const claim = owned(key, owner, now);
      if (claim) claim.untilMs = now + leaseMs;
      return claim !== undefined;
    },
    done(key, owner, ttlMs) {
      const now = clock.now();
      if (!owned(key, owner, now)) return false;
      claims.delete(key);
      makeRoom();
      young.set(key, now + ttlMs);
      return true;
    },
    release(key, owner) {
      if (!owned(key, owner, clock.now())) return false;
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
