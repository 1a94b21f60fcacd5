import type { ConsumerOptions } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
import type { MemberSnapshot } from "../core/health.ts";
import type { Redactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import { toRetryGroup } from "../core/topic-names.ts";
import { createMemoryStore } from "../stores/memory.ts";
import type { DedupeStore } from "../stores/port.ts";
import type { KafkaPort, PortConsumer } from "../transport/port.ts";
import type { Reader, TopicPlace } from "./assignment/reader.ts";
import { createReader } from "./assignment/reader.ts";
import type { Engine } from "./engine.ts";
import { createEngine } from "./engine.ts";
import { createSink } from "./hand-over/sink.ts";
import { type Member, watchMember } from "./member.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import type { Route } from "./plan/handlers.ts";
import { toStages } from "./plan/handlers.ts";
import type { PartitionCounts } from "./retry-topics.ts";
import { takeMemberSnapshot } from "./snapshot.ts";

/** A consumer that joins its groups, or has joined them. */
export interface Running {
  /** Starts no handler and fetches nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** The members of its groups at this moment. */
  members(): readonly MemberSnapshot[];
  /** Drains, commits, leaves, and closes what the consumer opened for itself. */
  close(): Promise<void>;
}

/** A consumer whose groups are still to be joined. */
export interface Startable extends Running {
  /** Joins the group of the source topics and, where there are retry topics, the group that reads those. */
  start(): Promise<void>;
}

export interface RunningDeps {
  readonly transport: KafkaPort;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly context: ContextStore;
  readonly redactor: Redactor;
  readonly dedupeStore?: DedupeStore;
  readonly options: ResolvedConsumerOptions;
  readonly routes: readonly Route[];
  readonly counts: PartitionCounts;
}

/** Wires what `start` then sets going. */
export function createRunning(deps: RunningDeps): Startable {
  const { transport, clock, observe, options } = deps;
  const sink = createSink(transport, clock);
  const wantsStore = options.dedupe === "memory";
  const ownStore = wantsStore && !deps.dedupeStore ? createMemoryStore(clock) : undefined;
  const store = wantsStore ? (deps.dedupeStore ?? ownStore) : undefined;
  const engine = createEngine({ ...deps, store, sink });
  const parts = toParts(deps, engine);
  let closing: Promise<void> | undefined;
  const shut = async (): Promise<void> => {
    const left = await Promise.allSettled(parts.map(({ reader }) => reader.close()));
    engine.close();
    await Promise.all([sink.close(), ownStore?.close()]);
    for (const result of left) if (result.status === "rejected") throw KeryxError.from(result.reason);
  };
  const close = (): Promise<void> => {
    closing ??= shut();
    return closing;
  };
  return {
    close,
    async start() {
      try {
        await Promise.all(parts.map(({ reader }) => reader.start()));
      } catch (error) {
        await close().catch((second: unknown) =>
          observe({ kind: "internal.error", where: "consumer start", error: second, isPassing: true }),
        );
        throw error;
      }
    },
    pause() {
      for (const { reader } of parts) reader.pause();
    },
    resume() {
      for (const { reader } of parts) reader.resume();
    },
    members: () =>
      parts.map(({ member, reader }) => {
        member.look();
        return takeMemberSnapshot(member, reader.partitions(), options.sessionTimeoutMs, clock.now());
      }),
  };
}

/** Creates and starts it. */
export async function startRunning(deps: RunningDeps): Promise<Running> {
  const running = createRunning(deps);
  await running.start();
  return running;
}

/** One group member. */
interface Part {
  readonly member: Member;
  readonly reader: Reader;
}

// The source topics under the group itself; retry topics under a group of their own.
function toParts(
  { transport, clock, observe, options, routes }: RunningDeps,
  { flow, holds, dedupe }: Engine,
): readonly Part[] {
  const { group, drainTimeoutMs, closeTimeoutMs, commitTimeoutMs, sessionTimeoutMs, offsetMapMaxBytes } =
    options;
  const times = { drainTimeoutMs, closeTimeoutMs, commitTimeoutMs, sessionTimeoutMs };
  const common = { clock, observe, flow, holds, dedupe, offsetMapMaxBytes, ...times };
  const watching = { clock, observe, ends: (topic: string) => transport.admin().offsets(topic) };
  const sources = new Map<string, TopicPlace>(routes.map((route) => [route.topic, { route, stage: 0 }]));
  const stages = new Map<string, TopicPlace>(
    routes.flatMap((route) =>
      toStages(route).map(({ topic }, index) => [topic, { route, stage: index + 1 }] as const),
    ),
  );
  const read = (name: string, places: typeof sources, from: ConsumerOptions["from"]): Part => {
    const member = watchMember(join(transport, options, name, from), { ...watching, group: name });
    return { member, reader: createReader({ ...common, group: name, places, port: member.port }) };
  };
  const main = read(group, sources, options.from);
  return stages.size === 0 ? [main] : [main, read(toRetryGroup(group), stages, "earliest")];
}

/** Longest wait of a fetch: bounds the gap between heartbeats, also while everything is paused. */
const maxWaitMs = 250;
const maxBytesPerPartition = 1_048_576;

function join(
  transport: KafkaPort,
  { sessionTimeoutMs, rebalanceTimeoutMs }: ResolvedConsumerOptions,
  group: string,
  from: ConsumerOptions["from"],
): PortConsumer {
  return transport.consumer({
    group,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    maxWaitMs,
    maxBytesPerPartition,
    from: from ?? "earliest",
  });
}
