import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { RequestNote } from "./signals.ts";
import { apiVersions } from "./versions.ts";

/** Which requests a fault is for; what is absent matches all. */
export interface FaultMatch {
  /** Name of the API, for example `Produce`. */
  readonly api?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly group?: string;
  readonly clientId?: string;
  readonly broker?: number;
  /** Only the nth request that matches, counted from 1. */
  readonly nth?: number;
}

export type FaultEffect =
  /** A well-formed answer with this code; the request is not handled. */
  | { readonly kind: "error"; readonly code: number }
  /** Handled that much later, on the broker's clock. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Handled once `release()` is called. */
  | { readonly kind: "hold" }
  /** No answer; `handled` says whether the request takes effect all the same. */
  | { readonly kind: "drop"; readonly handled: boolean }
  /** The same, and the connection is closed. */
  | { readonly kind: "close"; readonly handled: boolean };

export interface Fault {
  /** Requests that it was used on. */
  readonly hits: number;
  /** Lets go of held requests, now and later. */
  release(): void;
}

export interface Faults {
  /**
   * Later faults wait until earlier ones that match are used up. `times` is 1 by default.
   * @throws KeryxError `config_invalid` for a name that no API has
   */
  inject(match: FaultMatch, effect: FaultEffect, options?: { readonly times?: number }): Fault;
  /** Faults that never fired: a test that ends with one has proved nothing. */
  unused(): readonly { readonly match: FaultMatch; readonly effect: FaultEffect }[];
  /** Takes all faults away and lets go of what they hold. */
  clear(): void;
}

/** A request as far as faults can tell requests apart. */
export interface FaultTarget extends Pick<RequestNote, "api" | "clientId" | "broker"> {
  readonly request: unknown;
}

/** The hook of the dispatcher. */
export interface FaultPoint extends Faults {
  /** The effect to apply to a request, used up by asking. */
  take(target: FaultTarget): { readonly effect: FaultEffect; readonly passed: Promise<void> } | undefined;
}

interface Armed extends Fault {
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
  left: number;
  seen: number;
  hits: number;
  readonly released: Promise<void>;
}

export function createFaults(clock: Clock): FaultPoint {
  let armed: Armed[] = [];
  return {
    inject(match, effect, { times = 1 } = {}) {
      if (match.api !== undefined && !apiVersions.some(({ name }) => name === match.api))
        throw new KeryxError("config_invalid", `there is no API ${match.api} to inject faults into`);
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const one: Armed = { match, effect, left: times, seen: 0, hits: 0, released, release };
      armed.push(one);
      return one;
    },
    unused: () => armed.filter((one) => one.hits === 0).map(({ match, effect }) => ({ match, effect })),
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
        return { effect: one.effect, passed: passed(one, clock) };
      }
      return undefined;
    },
  };
}

function passed({ effect, released }: Armed, clock: Clock): Promise<void> {
  if (effect.kind !== "delay") return effect.kind === "hold" ? released : Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.schedule(effect.delayMs, resolve);
    void released.then(() => {
      cancel();
      resolve();
    });
  });
}

function isMatch(match: FaultMatch, { api, clientId, broker, request }: FaultTarget): boolean {
  if (match.api !== undefined && match.api !== api) return false;
  if (match.clientId !== undefined && match.clientId !== clientId) return false;
  if (match.broker !== undefined && match.broker !== broker) return false;
  if (match.group !== undefined && !groupsOf(request as Loose).includes(match.group)) return false;
  return (match.topic === undefined && match.partition === undefined) || isAbout(match, request as Loose);
}

// All descriptions of requests use the same names for groups, topics and partitions.
type Loose = Readonly<Record<string, unknown>>;

function groupsOf({ groupId, groups, key, keyType }: Loose): readonly unknown[] {
  if (Array.isArray(groups)) return groups;
  return [groupId ?? (keyType === 0 ? key : undefined)];
}

function isAbout(match: FaultMatch, { topics, resources }: Loose): boolean {
  // No list stands for all of them.
  if (topics === null) return true;
  const named: readonly (Loose | string)[] = (topics ?? resources ?? []) as readonly (Loose | string)[];
  return named.some((one) => {
    const { name, partitions } = typeof one === "string" ? { name: one, partitions: undefined } : one;
    if (match.topic !== undefined && match.topic !== name) return false;
    if (match.partition === undefined) return true;
    const indexes = Array.isArray(partitions) ? partitions : [];
    return indexes.some(
      (part: Loose | number) => match.partition === (typeof part === "number" ? part : part["index"]),
    );
  });
}
