import type { Clock } from "./clock.ts";

/** A fault that was put in place. */
export interface Fault {
  /** Requests that it was used on. */
  readonly hits: number;
  /** Lets go of what it holds or delays, now and later. */
  release(): void;
}

/** Faults of one server, used in the order in which they were put in place. */
export interface FaultList<Match, Effect> {
  /** Later faults wait until earlier ones that match are used up. `times` is 1 by default. */
  inject(match: Match, effect: Effect, options?: { readonly times?: number }): Fault;
  /** Faults that never fired: a test that ends with one has proved nothing. */
  unused(): readonly { readonly match: Match; readonly effect: Effect }[];
  /** Takes all faults away and lets go of what they hold. */
  clear(): void;
}

/** The list as the server sees it. */
export interface FaultPoint<Match, Effect, Target> extends FaultList<Match, Effect> {
  /** The effect to apply to a request, used up by asking; `passed` resolves when a delay or a hold is over. */
  take(target: Target): { readonly effect: Effect; readonly passed: Promise<void> } | undefined;
}

interface Armed<Match, Effect> extends Fault {
  readonly match: Match;
  readonly effect: Effect;
  left: number;
  seen: number;
  hits: number;
  readonly released: Promise<void>;
}

/** `nth` of a match counts from 1 the requests for which `isMatch` says yes. */
export function createFaultList<
  Match extends { readonly nth?: number },
  Effect extends { readonly kind: string; readonly delayMs?: number },
  Target,
>(clock: Clock, isMatch: (match: Match, target: Target) => boolean): FaultPoint<Match, Effect, Target> {
  let armed: Armed<Match, Effect>[] = [];
  return {
    inject(match, effect, { times = 1 } = {}) {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const one: Armed<Match, Effect> = { match, effect, left: times, seen: 0, hits: 0, released, release };
      armed.push(one);
      return one;
    },
    unused: () => armed.filter(({ hits }) => hits === 0).map(({ match, effect }) => ({ match, effect })),
    clear() {
      for (const one of armed) one.release();
      armed = [];
    },
    take(target) {
      for (const one of armed) {
        if (one.left <= 0 || !isMatch(one.match, target)) continue;
        one.seen++;
        if (one.match.nth !== undefined && one.match.nth !== one.seen) continue;
        one.left--;
        one.hits++;
        return { effect: one.effect, passed: waited(one.effect, one.released, clock) };
      }
      return undefined;
    },
  };
}

function waited(
  { kind, delayMs = 0 }: { readonly kind: string; readonly delayMs?: number },
  released: Promise<void>,
  clock: Clock,
): Promise<void> {
  if (kind === "hold") return released;
  if (kind !== "delay") return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.schedule(delayMs, resolve);
    void released.then(() => {
      cancel();
      resolve();
    });
  });
}
