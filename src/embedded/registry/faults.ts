import type { Clock } from "../../core/clock.ts";
import { createFaultList, type FaultList, type FaultPoint } from "../../core/fault-list.ts";

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

export type RegistryFaults = FaultList<RegistryFaultMatch, RegistryFaultEffect>;

/** A request as far as faults can tell requests apart. */
export interface RegistryFaultTarget {
  readonly method: string;
  readonly route: string;
  readonly subject: string | undefined;
}

export type RegistryFaultPoint = FaultPoint<RegistryFaultMatch, RegistryFaultEffect, RegistryFaultTarget>;

/** The hook of the server. */
export function createRegistryFaults(clock: Clock): RegistryFaultPoint {
  return createFaultList(clock, isMatch);
}

function isMatch(match: RegistryFaultMatch, { method, route, subject }: RegistryFaultTarget): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  if (match.route !== undefined && match.route !== route) return false;
  return match.subject === undefined || match.subject === subject;
}
