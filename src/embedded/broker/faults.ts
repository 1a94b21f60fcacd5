import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import { createFaultList, type FaultList, type FaultPoint } from "../../core/fault-list.ts";
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
  /** Handled, and the answer tells the client to keep quiet for so long; Kafka's quotas do so. */
  | { readonly kind: "throttle"; readonly throttleMs: number }
  /** No answer; `handled` says whether the request takes effect all the same. */
  | { readonly kind: "drop"; readonly handled: boolean }
  /** The same, and the connection is closed. */
  | { readonly kind: "close"; readonly handled: boolean };

export type Faults = FaultList<FaultMatch, FaultEffect>;

/** A request as far as faults can tell requests apart. */
export interface FaultTarget extends Pick<RequestNote, "api" | "clientId" | "broker"> {
  readonly request: unknown;
}

/** The hook of the dispatcher. */
export type BrokerFaultPoint = FaultPoint<FaultMatch, FaultEffect, FaultTarget>;

/** @throws KeryxError `config_invalid` from `inject` for a name that no API has */
export function createFaults(clock: Clock): BrokerFaultPoint {
  const list: BrokerFaultPoint = createFaultList(clock, isFaultFor);
  return {
    ...list,
    inject(match, effect, options) {
      if (match.api !== undefined && !apiVersions.some(({ name }) => name === match.api))
        throw new KeryxError("config_invalid", `there is no API ${match.api} to inject faults into`);
      return list.inject(match, effect, options);
    },
  };
}

/** Whether a fault is for a request. */
export function isFaultFor(match: FaultMatch, { api, clientId, broker, request }: FaultTarget): boolean {
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
