import type { Clock } from "../../core/clock.ts";

/** Which requests a fault is for; what is absent matches all. */
export interface RegistryFaultMatch {
  readonly method?: string;
  /** A route as the interface is documented, for example `/schemas/ids/{id}`. */
  readonly route?: string;
  /** The subject in the path, decoded. */
  readonly subject?: string;
  /** Only the nth request that matches, counted from 1. */
  readonly nth?: number;
}

export type RegistryFaultEffect =
  /** An answer with this status; the request is not handled. */
  | {
      readonly kind: "status";
      readonly status: number;
      /** `error_code` of the body. Default: none, and an empty body, as a proxy answers. */
      readonly code?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Handled that much later, on the registry's clock. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Handled once `release()` is called. */
  | { readonly kind: "hold" }
  /** The connection is closed without an answer; `handled` says whether the request takes effect all the same. */
  | { readonly kind: "close"; readonly handled: boolean };

export interface RegistryFault {
  /** Requests that it was used on. */
  readonly hits: number;
  /** Lets go of held requests, now and later. */
  release(): void;
}

export interface RegistryFaults {
  /** Later faults wait until earlier ones that match are used up. `times` is 1 by default. */
  inject(
    match: RegistryFaultMatch,
    effect: RegistryFaultEffect,
    options?: { readonly times?: number },
  ): RegistryFault;
  /** Faults that never fired: a test that ends with one has proved nothing. */
  unused(): readonly { readonly match: RegistryFaultMatch; readonly effect: RegistryFaultEffect }[];
  /** Takes all faults away and lets go of what they hold. */
  clear(): void;
}

/** A request as far as faults can tell requests apart. */
export interface RegistryFaultTarget {
  readonly method: string;
  readonly route: string;
  readonly subject: string | undefined;
}

/** The hook of the server. */
export interface RegistryFaultPoint extends RegistryFaults {
  /** The effect to apply to a request, used up by asking. */
  take(
    target: RegistryFaultTarget,
  ): { readonly effect: RegistryFaultEffect; readonly passed: Promise<void> } | undefined;
}

interface Armed {
  readonly match: RegistryFaultMatch;
  readonly effect: RegistryFaultEffect;
  left: number;
  seen: number;
  hits: number;
  readonly released: Promise<void>;
  readonly release: () => void;
  readonly cancels: Set<() => void>;
}

export function createRegistryFaults(clock: Clock): RegistryFaultPoint {
  let armed: Armed[] = [];
  return {
    inject(match, effect, { times = 1 } = {}) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const counts = { left: times, seen: 0, hits: 0 };
      const one: Armed = {
        match,
        effect,
        ...counts,
        released: promise,
        release: resolve,
        cancels: new Set(),
      };
      armed.push(one);
      return {
        get hits() {
          return one.hits;
        },
        release: resolve,
      };
    },
    unused: () => armed.filter(({ hits }) => hits === 0).map(({ match, effect }) => ({ match, effect })),
    clear() {
      for (const { release, cancels } of armed) {
        release();
        for (const cancel of cancels) cancel();
      }
      armed = [];
    },
    take(target) {
      for (const one of armed) {
        if (one.left <= 0 || !isMatch(one.match, target)) continue;
        one.seen++;
        if (one.match.nth !== undefined && one.match.nth !== one.seen) continue;
        one.left--;
        one.hits++;
        return { effect: one.effect, passed: passed(one, clock) };
      }
      return undefined;
    },
  };
}

function isMatch(match: RegistryFaultMatch, { method, route, subject }: RegistryFaultTarget): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  if (match.route !== undefined && match.route !== route) return false;
  return match.subject === undefined || match.subject === subject;
}

function passed({ effect, released, cancels }: Armed, clock: Clock): Promise<void> {
  if (effect.kind === "hold") return released;
  if (effect.kind !== "delay") return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      cancels.delete(done);
      resolve();
    };
    const cancel = clock.schedule(effect.delayMs, done);
    cancels.add(done);
  });
}
