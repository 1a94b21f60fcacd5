import { createBag } from "../core/bag.ts";
import type { Clock } from "../core/clock.ts";
import type { Observe } from "../core/signals.ts";
import type { DedupeStore } from "../stores/port.ts";
import type { Claim } from "./assignment/partition.ts";

/** How long a claim stands without a word of its owner. */
export const leaseMs = 60_000;
const renewEveryMs = leaseMs / 3;
const sweepEveryMs = renewEveryMs / 4;

/** Keeps claims alive while their records wait or run. */
export interface Leases {
  add(claim: Claim): void;
  /** The claim ends. False where it was lost before. */
  remove(claim: Claim): boolean;
  items(): Iterable<Claim>;
  close(): void;
}

export interface LeasesDeps {
  readonly store: DedupeStore;
  readonly clock: Clock;
  readonly observe: Observe;
  /** A store that does not answer takes no lease away. */
  readonly survivesOutage: boolean;
}

export function createLeases({ store, clock, observe, survivesOutage }: LeasesDeps): Leases {
  const claims = createBag<Claim>();
  // A store may stay silent, which renews nothing either.
  const asked = new WeakSet<Claim>();
  let cancelSweep: (() => void) | undefined;

  const arm = (): void => {
    cancelSweep ??= clock.schedule(sweepEveryMs, () => {
      cancelSweep = undefined;
      for (const claim of claims.items()) {
        if (asked.has(claim)) loseEnded(claim);
        if (!claim.isLost && claim.renewedMs + renewEveryMs <= clock.now()) void renew(claim);
      }
      if (claims.size() > 0) arm();
    });
  };

  const renew = async (claim: Claim): Promise<void> => {
    const now = clock.now();
    asked.add(claim);
    try {
      if (await store.renew(claim.key, claim.owner, leaseMs)) claim.renewedMs = now;
      else lose(claim);
    } catch (error) {
      observe({ kind: "internal.error", where: "dedupe renewal", error, isPassing: true });
      // Until its end the lease stands, and the next sweep tries again.
      loseEnded(claim);
    } finally {
      asked.delete(claim);
    }
  };

  const loseEnded = (claim: Claim): void => {
    if (!survivesOutage && claim.renewedMs + leaseMs <= clock.now()) lose(claim);
  };

  // Somebody else may run the record from now on.
  const lose = (claim: Claim): void => {
    if (!claims.remove(claim)) return;
    claim.isLost = true;
    claim.work.delivery?.callOff(new Error("The lease on the message id was lost"));
  };

  return {
    add(claim) {
      claims.add(claim);
      arm();
    },
    remove: claims.remove,
    items: claims.items,
    close() {
      cancelSweep?.();
      cancelSweep = undefined;
      claims.clear();
    },
  };
}
