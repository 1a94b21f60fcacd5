import { KeryxError } from "../core/errors.ts";
import { headerNames } from "../core/headers.ts";
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

/** What the wait looks at. */
export interface ProcessedParts {
  readonly broker: DevBroker;
  readonly clock: TestClock;
  /** Calls for each signal of the broker; the returned function ends that. */
  listen(hear: (signal: BrokerSignal) => void): () => void;
}

/** Signals after which a group may be through, or have more to do. */
const decisive: ReadonlySet<BrokerSignal["kind"]> = new Set([
  "offsets.committed",
  "transaction.ended",
  "group.changed",
]);

/**
 * Resolves once a group has committed all that lies on its topics, retry topics included. All state is in this process
 * and looked at in one go, so nothing can be on its way between two topics unseen.
 * @throws KeryxError `expectation_failed` with what is left, partition by partition
 */
export function untilProcessed(
  { broker, clock, listen }: ProcessedParts,
  group: string,
  { timeoutMs = 10_000, skipDelays = false }: ProcessedOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isAsked = false;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      stopListening();
      settle();
    };
    const look = (): void => {
      isAsked = false;
      const standing = stand(broker, group);
      if (standing.isThrough) end(resolve);
      else if (skipDelays && standing.main.length === 0) void skip(broker, clock, standing.retries);
    };
    const stopListening = listen(({ kind }) => {
      if (isAsked || !decisive.has(kind)) return;
      isAsked = true;
      // A request commits several partitions, and signals come in the midst of it.
      queueMicrotask(look);
    });
    const timer = setTimeout(() => {
      const { main, retries, isKnown } = stand(broker, group);
      const left = isKnown ? [...main, ...retries].map(show).join("; ") : "it has no member and no offsets";
      const message = `group ${group} was not through after ${timeoutMs} ms: ${left}`;
      end(() => reject(new KeryxError("expectation_failed", message)));
    }, timeoutMs);
    look();
  });
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

/** Moves time on to when the first of the waiting records is due. */
async function skip(broker: DevBroker, clock: TestClock, waiting: readonly PartitionLag[]): Promise<void> {
  const dues = waiting.flatMap(({ topic, partition, committed, start }) => {
    const first = broker
      .records(topic)
      .find((one) => one.partition === partition && one.offset >= (committed ?? start));
    const due = first?.headers.findLast(({ name }) => name === headerNames.dueAt)?.value;
    return due === undefined || due === null ? [] : Number(due.toString());
  });
  const next = Math.min(...dues);
  if (Number.isFinite(next) && next > clock.now()) await clock.advance(next - clock.now());
}
