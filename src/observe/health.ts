import type { Clock } from "../core/clock.ts";
import type { AppHealth, AppSnapshot, ConsumerHealth } from "../core/health.ts";
import type { Observe, RecordRef, Signal } from "../core/signals.ts";
import {
  combine,
  dead,
  fine,
  isOver,
  judgeConsumer,
  stoppedOnPurpose,
  unready,
  type Verdict,
} from "./judge.ts";

/** Judges an app: what the signals said until now, and how its consumers stand. */
export interface Health {
  readonly observe: Observe;
  judge(app: AppSnapshot): AppHealth;
}

export interface HealthDeps {
  readonly clock: Clock;
  /** How long the event loop stood still of late. */
  readonly blockedMs: () => number;
  readonly readyOnStandby: boolean;
}

/** A handler that goes on for so long after it was called off will hardly end. */
const hungAfterMs = 60_000;
const longestBlockMs = 5_000;
const maxWarnings = 20;

/** What the signals leave behind. */
interface Facts {
  /** Handlers that outlived their deadlines, and since when. */
  readonly overdue: Map<string, number>;
  readonly warnings: Set<string>;
  defect: string | undefined;
  isRegistryDown: boolean;
  isDisconnected: boolean;
}

export function createHealth({ clock, blockedMs, readyOnStandby }: HealthDeps): Health {
  const facts: Facts = {
    overdue: new Map(),
    warnings: new Set(),
    defect: undefined,
    isRegistryDown: false,
    isDisconnected: false,
  };
  const observe = (signal: Signal): void => note(facts, signal, clock.now);
  return {
    observe: Object.assign(observe, { hearsRoutine: false }),
    judge(app) {
      const nowMs = clock.now();
      const consumers = app.consumers.map((one) => judgeConsumer(one, { nowMs, readyOnStandby }));
      const verdict = judgeApp(app, consumers, [
        ...judgeProcess(blockedMs(), facts, nowMs),
        ...judgeSurroundings(facts),
      ]);
      return {
        ...verdict,
        expected: toExpected(app, consumers),
        consumers,
        warnings: [...facts.warnings],
      };
    },
  };
}

function note(facts: Facts, signal: Signal, now: () => number): void {
  switch (signal.kind) {
    case "handler.settled":
      facts.overdue.delete(toKey(signal.record));
      return;
    case "handler.overdue":
      facts.overdue.set(toKey(signal.record), now());
      return;
    case "internal.error":
      if (!signal.isPassing) facts.defect ??= signal.where;
      return;
    case "registry.request_failed":
      if (!signal.willRetry) facts.isRegistryDown = true;
      return;
    case "registry.recovered":
      facts.isRegistryDown = false;
      return;
    case "connection.failed":
      facts.isDisconnected = true;
      return;
    case "connection.restored":
      facts.isDisconnected = false;
      return;
    case "config.warning":
      if (facts.warnings.size < maxWarnings) facts.warnings.add(signal.message);
  }
}

/** What no broker and no registry has a part in. */
function judgeProcess(blockedMs: number, { defect, overdue }: Facts, nowMs: number): readonly Verdict[] {
  const [hung] = [...overdue].find(([, sinceMs]) => nowMs - sinceMs > hungAfterMs) ?? [];
  return [
    ...(defect === undefined ? [] : [dead("failed", defect)]),
    ...(blockedMs < longestBlockMs ? [] : [dead("blocked", "event loop")]),
    ...(hung === undefined ? [] : [dead("hung", hung)]),
  ];
}

function judgeSurroundings({ isDisconnected, isRegistryDown }: Facts): readonly Verdict[] {
  return [
    ...(isDisconnected ? [unready("disconnected")] : []),
    ...(isRegistryDown ? [fine("degraded", "registry")] : []),
  ];
}

function judgeApp(
  { phase, consumers }: AppSnapshot,
  judged: readonly ConsumerHealth[],
  others: readonly Verdict[],
): Verdict {
  if (phase === "closed") return stoppedOnPurpose;
  // It was asked to end, and whatever else is wrong ends with it.
  if (phase === "closing") return unready("draining");
  const wanted = judged.filter((_, index) => !isOver(consumers[index] ?? { phase: "closed" }));
  // One that was stopped on purpose says nothing about the rest, unless there is no rest.
  const parts = judged.length > 0 && wanted.length === 0 ? judged : wanted;
  const { state, live, ready, summary } = combine([...parts, ...others], fine("running"));
  return { state, live, ready, summary };
}

function toExpected({ phase }: AppSnapshot, consumers: readonly ConsumerHealth[]): AppHealth["expected"] {
  if (phase !== "open") return "stopped";
  const wanted = consumers.filter(({ expected }) => expected !== "stopped");
  if (consumers.length > 0 && wanted.length === 0) return "stopped";
  return wanted.length > 0 && wanted.every(({ expected }) => expected === "paused") ? "paused" : "running";
}

function toKey({ group, topic, partition, offset }: RecordRef): string {
  return `${group} at ${topic}/${partition}@${offset}`;
}
