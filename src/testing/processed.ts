import { KeryxError } from "../core/errors.ts";
import { headerNames } from "../core/headers.ts";
import type { Signal } from "../core/signals.ts";
import { toRetryGroup } from "../core/topic-names.ts";
import type { DevBroker } from "../embedded/broker/index.ts";
import type { PartitionLag } from "../embedded/broker/lag.ts";
import type { BrokerSignal } from "../embedded/broker/signals.ts";
import type { TestClock } from "./clock.ts";

export interface ProcessedOptions {
  /** How long to wait, in time outside. Default 10 s. */
  readonly timeoutMs?: number;
  /** Moves the apps' clock on when nothing but retry delays is waited for. Default false: they pass as they do outside. */
  readonly skipDelays?: boolean;
}

/** Waits for groups of one cluster. */
export interface Progress {
  /** Hears what the broker and the apps say. */
  hear(signal: BrokerSignal | Signal): void;
  /**
   * Resolves once a group has committed all that lies on its topics, retry topics included. All state is in this process
   * and looked at in one go, so nothing can be on its way between two topics unseen.
   * @throws KeryxError `expectation_failed` with what is left, partition by partition
   */
  untilProcessed(group: string, options?: ProcessedOptions): Promise<void>;
}

/** Signals after which a group may be through, or have more to do. */
const decisive: ReadonlySet<string> = new Set([
  "record.handled",
  "offsets.committed",
  "offsets.commit_failed",
  "transaction.ended",
  "group.changed",
]);

/** A consumer commits what it has handled at least so often. */
const commitEveryMs = 1_000;

export function createProgress(broker: () => DevBroker, clock: TestClock): Progress {
  const looks = new Set<() => void>();
  const handled = new Set<string>();
  let isAsked = false;
  const lookAtAll = (): void => {
    isAsked = false;
    for (const look of looks) look();
  };
  /** The first record of a partition that is neither committed nor handled. */
  const findUnhandled = (group: string, one: PartitionLag): number | undefined => {
    for (let offset = Math.max(one.start, one.committed ?? 0); offset < one.end; offset++)
      if (!handled.has(toKey(group, one.topic, one.partition, offset))) return offset;
    return undefined;
  };
  /** How far time may be moved on, now that nothing but time is waited for; 0 while handlers are at work. */
  const toSkip = (group: string, { main, retries }: Standing, skipDelays: boolean): number => {
    if (main.some((one) => findUnhandled(group, one) !== undefined)) return 0;
    const waiting = retries.flatMap((one) => {
      // Signals name the consumer's group, whatever group reads its retry topics.
      const offset = findUnhandled(group, one);
      return offset === undefined ? [] : { ...one, offset };
    });
    if (waiting.length === 0) return commitEveryMs;
    return skipDelays ? Math.max(0, nextDueMs(broker(), waiting) - clock.now()) : 0;
  };
  return {
    hear(signal) {
      if (signal.kind === "record.handled" && signal.outcome !== "held") {
        const { group, topic, partition, offset } = signal.record;
        handled.add(toKey(group, topic, partition, offset));
      }
      if (isAsked || looks.size === 0 || !decisive.has(signal.kind)) return;
      isAsked = true;
      // A request commits several partitions, and signals come in the midst of it.
      queueMicrotask(lookAtAll);
    },
    untilProcessed: (group, { timeoutMs = 10_000, skipDelays = false } = {}) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          clearTimeout(timer);
          looks.delete(look);
          settle();
        };
        let movedAt = "";
        const look = (): void => {
          const standing = stand(broker(), group);
          if (standing.isThrough) {
            end(resolve);
            return;
          }
          const skipMs = standing.isKnown ? toSkip(group, standing, skipDelays) : 0;
          // Once for each state of things: what time sets going takes a moment to show.
          const state = JSON.stringify([standing, handled.size]);
          if (skipMs === 0 || state === movedAt) return;
          movedAt = state;
          void clock.advance(skipMs);
        };
        const timer = setTimeout(() => {
          const { main, retries, isKnown } = stand(broker(), group);
          const left = isKnown
            ? [...main, ...retries].map(show).join("; ")
            : "it has no member and no offsets";
          const message = `group ${group} was not through after ${timeoutMs} ms: ${left}`;
          end(() => reject(new KeryxError("expectation_failed", message)));
        }, timeoutMs);
        looks.add(look);
        look();
      }),
  };
}

function toKey(group: string, topic: string, partition: number, offset: number | bigint): string {
  return `${topic}/${partition}/${offset} ${group}`;
}

interface Standing {
  readonly isKnown: boolean;
  readonly isThrough: boolean;
  /** Partitions with something left. */
  readonly main: readonly PartitionLag[];
  readonly retries: readonly PartitionLag[];
}

function stand(broker: DevBroker, group: string): Standing {
  const [all, ofRetries] = [broker.lag(group), broker.lag(toRetryGroup(group))];
  const isLeft = ({ committed, start, end }: PartitionLag): boolean => end > Math.max(start, committed ?? 0);
  const [main, retries] = [all.filter(isLeft), ofRetries.filter(isLeft)];
  const isKnown = all.length > 0;
  return { isKnown, isThrough: isKnown && main.length + retries.length === 0, main, retries };
}

function show({ topic, partition, committed, end }: PartitionLag): string {
  return `${topic}/${partition} is at ${committed ?? "no offset"} of ${end}`;
}

/** When the first of the waiting records is due. */
function nextDueMs(
  broker: DevBroker,
  waiting: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[],
): number {
  const dues = waiting.flatMap(({ topic, partition, offset }) => {
    const record = broker.records(topic).find((one) => one.partition === partition && one.offset === offset);
    const due = record?.headers.findLast(({ name }) => name === headerNames.dueAt)?.value;
    return due === undefined || due === null ? [] : Number(due.toString());
  });
  return dues.length === 0 ? 0 : Math.min(...dues);
}
