import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
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
export interface FaultTarget {
  readonly api: string;
  readonly clientId: string | null;
  readonly broker: number;
  readonly request: unknown;
}

/** The hook of the dispatcher. */
export interface FaultPoint extends Faults {
  /** The effect to apply to a request, used up by asking. */
  take(target: FaultTarget): { readonly effect: FaultEffect; readonly passed: Promise<void> } | undefined;
}

interface Armed {
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
  left: number;
  seen: number;
  hits: number;
  readonly released: Promise<void>;
  readonly release: () => void;
}

export function createFaults(clock: Clock): FaultPoint {
  let armed: Armed[] = [];
  return {
    inject(match, effect, { times = 1 } = {}) {
      if (match.api !== undefined && !apiVersions.some(({ name }) => name === match.api))
        throw new KeryxError("config_invalid", `there is no API ${match.api} to inject faults into`);
      const { promise, resolve } = Promise.withResolvers<void>();
      const one: Armed = {
        match,
        effect,
        left: times,
        seen: 0,
        hits: 0,
        released: promise,
        release: resolve,
      };
      armed.push(one);
      return {
        get hits() {
          return one.hits;
        },
        release: resolve,
      };
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
  if (effect.kind === "hold") return released;
  if (effect.kind !== "delay") return Promise.resolve();
  return new Promise((resolve) => void clock.schedule(effect.delayMs, resolve));
}

function isMatch(match: FaultMatch, { api, clientId, broker, request }: FaultTarget): boolean {
  if (match.api !== undefined && match.api !== api) return false;
  if (match.clientId !== undefined && match.clientId !== clientId) return false;
  if (match.broker !== undefined && match.broker !== broker) return false;
  if (match.group !== undefined && match.group !== groupOf(request)) return false;
  if (match.topic === undefined && match.partition === undefined) return true;
  return topicsOf(request).some(
    ({ name, partitions }) =>
      (match.topic === undefined || match.topic === name) &&
      (match.partition === undefined || partitions.includes(match.partition)),
  );
}

// All descriptions of requests use the same names for groups, topics and partitions.
type Loose = Readonly<Record<string, unknown>>;

function groupOf(request: unknown): unknown {
  const { groupId, key, keyType } = request as Loose;
  return groupId ?? (keyType === 0 ? key : undefined);
}

function topicsOf(
  request: unknown,
): readonly { readonly name: unknown; readonly partitions: readonly unknown[] }[] {
  const { topics } = request as Loose;
  if (!Array.isArray(topics)) return [];
  return topics.map((topic: Loose | string) =>
    typeof topic === "string"
      ? { name: topic, partitions: [] }
      : {
          name: topic["name"],
          partitions: (Array.isArray(topic["partitions"]) ? topic["partitions"] : []).map(
            (one: Loose | number) => (typeof one === "number" ? one : one["index"]),
          ),
        },
  );
}
