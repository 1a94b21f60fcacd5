import type { Clock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";

/** Bounds how often look-ups may fail to find something. */
export interface LookupGate {
  run<T>(lookup: () => Promise<T>): Promise<T>;
  /** Refuses everything that waits. */
  close(): void;
}

const windowMs = 1_000;

/**
 * Lets `perSecond` look-ups begin; one that finds its schema makes room for the next at once, one that does not keeps
 * its place for a second. So a cold start is quick, and a flood of made-up ids reaches the registry as a trickle.
 */
export function createLookupGate(perSecond: number, clock: Clock): LookupGate {
  const places = Math.max(1, Math.floor(perSecond));
  // Less than one a second: one place, held for longer.
  const holdMs = perSecond < 1 ? windowMs / perSecond : windowMs;
  const waiting: { readonly admit: () => void; readonly refuse: (error: KeryxError) => void }[] = [];
  const holding = new Set<() => void>();
  let taken = 0;
  let isClosed = false;

  function release(): void {
    taken--;
    waiting.shift()?.admit();
  }

  function hold(delayMs: number): void {
    if (isClosed) return;
    const cancel = clock.schedule(delayMs, () => {
      holding.delete(cancel);
      release();
    });
    holding.add(cancel);
  }

  function enter(): Promise<void> | undefined {
    if (isClosed) return Promise.reject(closedError());
    if (taken < places) {
      taken++;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const admit = (): void => {
        taken++;
        resolve();
      };
      waiting.push({ admit, refuse: reject });
    });
  }

  return {
    async run(lookup) {
      await enter();
      const startedAt = clock.now();
      try {
        const found = await lookup();
        release();
        return found;
      } catch (error) {
        hold(startedAt + holdMs - clock.now());
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const cancel of holding) cancel();
      for (const one of waiting.splice(0)) one.refuse(closedError());
    },
  };
}

const closedError = (): KeryxError => new KeryxError("closed", "the registry client is closed");
