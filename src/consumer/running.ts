import type { ConsumerOptions } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
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
import type { ResolvedConsumerOptions } from "./options.ts";
import type { Route } from "./plan/handlers.ts";
import { toStages } from "./plan/handlers.ts";
import type { PartitionCounts } from "./retry-topics.ts";

/** A consumer that has joined its groups. */
export interface Running {
  /** Drains, commits, leaves, and closes what the consumer opened for itself. */
  close(): Promise<void>;
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

/** Joins the group of the source topics and, where there are retry topics, the group that reads those. */
export async function startRunning(deps: RunningDeps): Promise<Running> {
  const { transport, clock, observe, options } = deps;
  const sink = createSink(transport, clock);
  const wantsStore = options.dedupe === "memory";
  const ownStore = wantsStore && !deps.dedupeStore ? createMemoryStore(clock) : undefined;
  const store = wantsStore ? (deps.dedupeStore ?? ownStore) : undefined;
  const engine = createEngine({ ...deps, store, sink });
  const readers = toReaders(deps, engine);
  const close = async (): Promise<void> => {
    const left = await Promise.allSettled(readers.map((reader) => reader.close()));
    engine.close();
    await Promise.all([sink.close(), ownStore?.close()]);
    for (const result of left) if (result.status === "rejected") throw KeryxError.from(result.reason);
  };
  try {
    await Promise.all(readers.map((reader) => reader.start()));
  } catch (error) {
    await close().catch((second: unknown) =>
      observe({ kind: "internal.error", where: "consumer start", error: second }),
    );
    throw error;
  }
  return { close };
}

// The source topics under the group itself; retry topics under a group of their own.
function toReaders(
  { transport, clock, observe, options, routes }: RunningDeps,
  { flow, holds, dedupe }: Engine,
): readonly Reader[] {
  const { group, drainTimeoutMs, commitTimeoutMs, offsetMapMaxBytes } = options;
  const times = { drainTimeoutMs, commitTimeoutMs };
  const common = { clock, observe, flow, holds, dedupe, offsetMapMaxBytes, ...times };
  const sources = new Map<string, TopicPlace>(routes.map((route) => [route.topic, { route, stage: 0 }]));
  const stages = new Map<string, TopicPlace>(
    routes.flatMap((route) =>
      toStages(route).map(({ topic }, index) => [topic, { route, stage: index + 1 }] as const),
    ),
  );
  const read = (name: string, places: typeof sources, from: ConsumerOptions["from"]): Reader =>
    createReader({ ...common, group: name, places, port: join(transport, options, name, from) });
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
