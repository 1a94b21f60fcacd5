/** What a claim of a dedupe key found. */
export type ClaimResult = "won" | "done" | { readonly busyUntil: number };

/** A store in memory answers at once: the engine then spends no promise on it. */
export type Answer<T> = T | Promise<T>;

/**
 * Remembers which messages were handled. A claim is a lease: `claimed(owner, until)`, then `done(until)`, or released.
 * All verbs compare the owner; a foreign owner changes nothing and gets false.
 */
export interface DedupeStore {
  /**
   * Atomic. `leaseMs` from now by the store's clock; an expired lease counts as absent. What was found held, and ended
   * before the store could tell until when, is answered as busy until now.
   */
  claim(key: string, owner: string, leaseMs: number): Answer<ClaimResult>;
  /** Prolongs a claim that is still its owner's. */
  renew(key: string, owner: string, leaseMs: number): Answer<boolean>;
  /** Turns the owner's claim into a memory of `ttlMs`. */
  done(key: string, owner: string, ttlMs: number): Answer<boolean>;
  /** Gives the owner's claim up; the next claim wins. */
  release(key: string, owner: string): Answer<boolean>;
  close(): Promise<void>;
}
