import type { Clock } from "../../../core/clock.ts";
import { type ErrorCode, KeryxError } from "../../../core/errors.ts";
import type { Observe } from "../../../core/signals.ts";
import type { TransportOptions } from "../../options.ts";
import type { PortConsumer, PortConsumerOptions } from "../../port.ts";
import { type KafkajsAdmin, whileUnknown } from "../admin.ts";
import { toKeryxError } from "../errors.ts";
import { type Assignment, toAssignments, toKey } from "./assignment.ts";
import { createReader, endReader, moveTo, type Reader, type ReaderCallbacks } from "./reader.ts";
import { createWatchdog } from "./watchdog.ts";

export interface ConsumerDeps {
  readonly transport: TransportOptions;
  readonly admin: KafkajsAdmin;
  readonly clock: Clock;
  readonly observe: Observe;
  nextEpoch(): number;
}

// A person has to act; a restart would only meet them again.
const finalCodes: ReadonlySet<ErrorCode> = new Set([
  "auth_failed",
  "tls_failed",
  "not_authorized",
  "capability_missing",
]);
const topicPatienceMs = 2_000;
const firstJoinPatienceMs = 60_000;
const restartBaseMs = 300;
const restartMaxMs = 5_000;

/** A group member that outlives its kafkajs consumers: after a crash, however long the brokers are away, a new one is made. */
export function createKafkajsConsumer(deps: ConsumerDeps, options: PortConsumerOptions): PortConsumer {
  const supervisor = createSupervisor(deps, options);
  const current = (): Assignment | undefined => supervisor.reader()?.current;
  return {
    start: async (topics, handle, rebalance, onEvent = () => {}) => {
      await checkTopics(deps, options.group, topics);
      await supervisor.start({ topics, handle, rebalance, onEvent });
    },
    async commit(offsets, epoch) {
      const reader = supervisor.reader();
      if (reader?.current?.epoch !== epoch)
        throw new KeryxError("fenced", `group ${options.group}: epoch ${epoch} is over`, {
          details: { group: options.group, epoch },
        });
      if (offsets.length === 0) return;
      try {
        // The same tick as the check: the generation that goes out is that of the epoch.
        await reader.membership.commit(offsets);
      } catch (error) {
        throw toKeryxError(error, { action: "commit", group: options.group });
      }
    },
    pause(partitions) {
      for (const at of partitions) if (current()?.has(at)) current()?.paused.add(toKey(at));
      supervisor.reader()?.membership.pausesChanged();
    },
    resume(partitions) {
      for (const at of partitions) current()?.paused.delete(toKey(at));
      supervisor.reader()?.membership.pausesChanged();
    },
    seek(to) {
      const reader = supervisor.reader();
      if (reader?.current?.has(to)) moveTo(reader, reader.current, to);
    },
    assignment: () => {
      const assignment = current();
      return assignment ? toAssignments(assignment) : [];
    },
    close: () => supervisor.close(),
  };
}

// A broker may hear of a topic later than the one that was asked whether it is there.
async function checkTopics(
  { admin, clock }: ConsumerDeps,
  group: string,
  topics: readonly string[],
): Promise<void> {
  const check = async (): Promise<void> => {
    const found = new Set((await admin.describeTopics(topics)).map(({ topic }) => topic));
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length > 0)
      throw new KeryxError("topic_missing", `topic ${missing.join(", ")} does not exist`, {
        details: { topics: missing, group },
      });
  };
  const isMissing = (error: unknown): boolean =>
    error instanceof KeryxError && error.code === "topic_missing";
  await whileUnknown(clock, check, isMissing, topicPatienceMs);
}

function isFinalError({ code, details }: KeryxError): boolean {
  return finalCodes.has(code) || details["class"] === "invalid-request";
}

interface Supervisor {
  /** Resolves when the first assignment is ready. */
  start(callbacks: ReaderCallbacks): Promise<void>;
  reader(): Reader | undefined;
  close(): Promise<void>;
}

interface FirstJoin {
  resolve(): void;
  reject(error: unknown): void;
  readonly deadlineMs: number;
}

function createSupervisor(deps: ConsumerDeps, options: PortConsumerOptions): Supervisor {
  const { clock, admin } = deps;
  let callbacks: ReaderCallbacks | undefined;
  let reader: Reader | undefined;
  let firstJoin: FirstJoin | undefined;
  let isClosed = false;
  let restarts = 0;
  let cancelRestart = (): void => {};
  const watchdog = createWatchdog({
    clock,
    options,
    isReachable: () =>
      admin.ping().then(
        () => true,
        () => false,
      ),
    onStall,
  });

  async function launch(): Promise<void> {
    if (callbacks === undefined || isClosed) return;
    const made = createReader({ ...deps, options, callbacks, watchdog, onReady, onCrash });
    reader = made;
    watchdog.started();
    try {
      await made.membership.start(callbacks.topics);
    } catch (error) {
      if (!made.isOver) onCrash(error);
    }
  }

  function onReady(): void {
    restarts = 0;
    firstJoin?.resolve();
    firstJoin = undefined;
  }

  function onCrash(thrown: unknown): void {
    if (isClosed || reader === undefined) return;
    const error = toKeryxError(thrown, {
      action: "consume",
      group: options.group,
      topics: callbacks?.topics ?? [],
    });
    const isFinal = isFinalError(error);
    endCurrent();
    if (firstJoin && (isFinal || error.code === "topic_missing" || clock.now() >= firstJoin.deadlineMs)) {
      firstJoin.reject(error);
      firstJoin = undefined;
      return;
    }
    callbacks?.onEvent({ kind: "crash", error, willRestart: !isFinal });
    if (isFinal) return;
    const delayMs = Math.min(restartMaxMs, restartBaseMs * 2 ** restarts);
    restarts = Math.min(restarts + 1, 10);
    cancelRestart = clock.schedule(delayMs, () => void launch());
  }

  function onStall(ageMs: number, isRepeated: boolean): void {
    callbacks?.onEvent({ kind: "stalled", ageMs });
    const error = new KeryxError("kafka_unavailable", `group ${options.group}: silent for ${ageMs} ms`);
    if (isRepeated) {
      endCurrent();
      firstJoin?.reject(error);
      callbacks?.onEvent({ kind: "crash", error, willRestart: false });
    } else onCrash(error);
  }

  function endCurrent(): void {
    const ended = reader;
    reader = undefined;
    watchdog.stopped();
    if (ended === undefined) return;
    endReader(ended);
    // Not awaited: leaving the group may hang on the broker that is the trouble.
    void ended.membership.stop();
  }

  return {
    async start(given) {
      if (isClosed) throw new KeryxError("closed", "the consumer is closed");
      callbacks = given;
      const joined = new Promise<void>((resolve, reject) => {
        firstJoin = { resolve, reject, deadlineMs: clock.now() + firstJoinPatienceMs };
      });
      await Promise.all([joined, launch()]);
    },
    reader: () => reader,
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelRestart();
      watchdog.stopped();
      firstJoin?.reject(new KeryxError("closed", "the consumer was closed"));
      const ended = reader;
      if (ended === undefined) return;
      ended.isOver = true;
      ended.current = undefined;
      await ended.membership.stop();
      reader = undefined;
    },
  };
}
