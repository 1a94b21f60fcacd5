/** What a claim of a dedupe key found. */
export type ClaimResult = "won" | "done" | { readonly busyUntil: number };

/**
 * Remembers which messages were handled. A claim is a lease: `claimed(owner, until)`, then `done(until)`, or released.
 * All verbs compare the owner; a foreign owner changes nothing and gets false.
 */
export interface DedupeStore {
  /** Atomic. `leaseMs` from now by the store's clock. */
  claim(key: string, owner: string, leaseMs: number): Promise<ClaimResult>;
  renew(key: string, owner: string, leaseMs: number): Promise<boolean>;
  done(key: string, owner: string, ttlMs: number): Promise<boolean>;
  release(key: string, owner: string): Promise<boolean>;
  close(): Promise<void>;
}
