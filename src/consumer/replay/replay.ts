import { type Clock, sleep } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { EventType } from "../../core/event.ts";
import type { PayloadLimits } from "../../core/limits.ts";
import type { RawRecord } from "../../core/record.ts";
import { toCoordinates } from "../../core/record.ts";
import type { ReplayOptions, ReplayRange, ReplayResult } from "../../core/replay.ts";
import type { Observe } from "../../core/signals.ts";
import type { DeserializerOptions } from "../../serde/deserializer.ts";
import type { Serializer } from "../../serde/serializer.ts";
import type { KafkaPort, PortAdmin } from "../../transport/port.ts";
import type { Sink } from "../hand-over/sink.ts";
import { createSink } from "../hand-over/sink.ts";
import { maxReplays } from "../retry-policy.ts";
import type { Inspect, Inspected } from "./inspect.ts";
import { createInspect } from "./inspect.ts";
import type { ResolvedReplayOptions } from "./options.ts";
import { resolveReplayOptions, toFingerprint } from "./options.ts";
import { createPace } from "./pace.ts";
import type { Progress } from "./progress.ts";
import { openProgress } from "./progress.ts";
import type { ReplayTarget } from "./record.ts";
import { countReplays, toReplayed } from "./record.ts";
import type { Select } from "./select.ts";
import { createSelect } from "./select.ts";
import type { Tally } from "./tally.ts";
import { createTally } from "./tally.ts";
import { requireParked, requireTarget, toSources } from "./topics.ts";

/** What a replay stands on. */
export interface ReplayDeps {
  readonly transport: KafkaPort;
  readonly registry: DeserializerOptions["registry"];
  readonly serializer: Serializer;
  readonly observe: Observe;
  readonly clock: Clock;
  /** Default: `payloadLimits`. */
  readonly limits?: PayloadLimits;
  /** Events that the app knows: they tell a dead-letter topic that is not `<topic>-dlq`. */
  readonly events: readonly EventType[];
  /** As in the consumer's options. */
  readonly naming: "topic" | "group";
  readonly createTopics: boolean;
}

/** So many acknowledged records at most are sent again by a run that goes on after a crash. */
const maxUncommitted = 100;
const commitEveryMs = 1_000;
/** A new leader learns from the others how far its log is valid, for as long as one of them may be slow. */
const waitMs = 500;
const maxWaits = 80;

interface Run {
  readonly deps: ReplayDeps;
  readonly options: ResolvedReplayOptions;
  readonly admin: PortAdmin;
  readonly sink: Sink;
  readonly target: ReplayTarget;
  readonly progress: Progress;
  readonly select: Select;
  readonly inspect: Inspect | undefined;
  readonly tally: Tally;
  readonly waitForTurn: (signal?: AbortSignal) => Promise<void>;
  /** Dead-letter topics behind which there is a parked topic. */
  readonly parkable: Set<string>;
}

/**
 * Puts dead letters back to the failing group's first retry topic, due at once. Records of other groups and
 * other topics, of producers and of foreign tools are passed over. Each run covers a range fixed at its start.
 *
 * @throws KeryxError `topic_missing` when the dead-letter topic does not exist, or when the group has no retry
 * topic that would read the records; `usage` for a target that was not allowed, or an id of a run with other options
 */
export async function replay(deps: ReplayDeps, given: ReplayOptions): Promise<ReplayResult> {
  const { transport, clock, observe } = deps;
  const options = resolveReplayOptions(given, { naming: deps.naming, createTopics: deps.createTopics });
  const { topic, group, replayId, dryRun } = options;
  if (!dryRun && !transport.capabilities.commitMetadata)
    throw new KeryxError("capability_missing", `${transport.capabilities.client} keeps no commit metadata`);
  const events = options.events ?? deps.events;
  const inspect = createInspect({ ...deps, events }, options);
  const admin = transport.admin();
  const sink = createSink(transport, clock);
  try {
    const topics = toSources(events, options);
    const target = await requireTarget(admin, options, topics);
    const fingerprint = toFingerprint(options, target.topic);
    const progress = await openProgress({ ...options, admin, topics, fingerprint, limits: options });
    const { ranges, resumed } = progress;
    observe({ kind: "replay.started", replayId, topic, group, target: target.topic, dryRun, resumed });
    const select = createSelect(options);
    const waitForTurn = createPace(clock, options.maxPerSecond);
    const tally = createTally();
    const parkable = new Set<string>();
    const run = {
      deps,
      options,
      admin,
      sink,
      target,
      progress,
      select,
      inspect,
      tally,
      waitForTurn,
      parkable,
    };
    for (const range of ranges) await replayRange(run, range);
    return { ...tally.counts(), replayId, resumed, target: target.topic, ranges };
  } finally {
    await Promise.all([sink.close(), admin.close()]);
  }
}

/** Sends one partition's records; the position moves only behind what the brokers have acknowledged. */
async function replayRange(run: Run, range: ReplayRange): Promise<void> {
  const { deps, options, progress } = run;
  const { topic, partition, from, to } = range;
  let next = from;
  let sending: Promise<void>[] = [];
  let committedMs = deps.clock.now();
  let isBroken = false;
  const commit = async (): Promise<void> => {
    const batch = sending;
    sending = [];
    const failed = (await Promise.allSettled(batch)).find((one) => one.status === "rejected");
    if (failed) {
      isBroken = true;
      throw failed.reason;
    }
    await progress.commit(range, next);
    committedMs = deps.clock.now();
  };
  const each = async (record: RawRecord): Promise<void> => {
    const sent = await replayOne(run, record);
    if (sent) sending.push(sent.acknowledged);
    next = record.offset + 1n;
    if (sending.length >= maxUncommitted || deps.clock.now() - committedMs >= commitEveryMs) await commit();
  };
  try {
    for (let [waits, before, end] = [0, -1n, from]; next < to && (before < next || end < to); ) {
      // Behind the last record there may be offsets that hold none; but where the broker does not know of them yet, there
      // may be records as well.
      if (before === next) {
        if (waits++ === maxWaits) throw toUnread(range, next);
        await sleep(deps.clock, waitMs, options.signal);
      } else waits = 0;
      before = next;
      end = await deps.transport.read({ topic, partition, offset: next }, to, each, options.signal);
    }
    next = to;
  } catch (error) {
    if (!isBroken) await commit().catch(() => {});
    throw error;
  }
  await commit();
}

function toUnread({ topic, partition, to }: ReplayRange, next: bigint): KeryxError {
  return new KeryxError(
    "kafka_unavailable",
    `${topic}-${partition} is to be read to ${to}, and its leader knows of nothing behind ${next}`,
    {
      details: { topics: [topic], partition },
      help: "Run the replay with its id again: it goes on from there.",
    },
  );
}

/** Undefined when there is nothing to send; else the promise of its acknowledgement, not yet awaited. */
async function replayOne(
  run: Run,
  record: RawRecord,
): Promise<{ readonly acknowledged: Promise<void> } | undefined> {
  const { deps, options, sink, target, tally } = run;
  const { dryRun, replayId, group, signal } = options;
  if (!run.select(record)) {
    tally.skip();
    return undefined;
  }
  tally.plan(record, deps.clock.now());
  const found: Inspected = (await run.inspect?.(record)) ?? { kind: "kept" };
  const tell = (outcome: "planned" | "sent" | "rejected"): void =>
    deps.observe({
      kind: "replay.record",
      replayId,
      from: toCoordinates(record),
      to: target.topic,
      dryRun,
      outcome,
      edited: found.kind === "edited",
      ...(found.kind === "rejected" ? { reason: found.reason } : {}),
    });
  if (found.kind === "rejected") {
    tally.reject();
    tell("rejected");
    return undefined;
  }
  if (found.kind === "edited") tally.edit();
  if (dryRun) {
    tell("planned");
    return undefined;
  }
  await preparePark(run, record);
  await run.waitForTurn(signal);
  const stamp = { replayId, group, nowMs: deps.clock.now() };
  const outgoing = toReplayed(record, target, stamp, found.kind === "edited" ? found : undefined);
  const acknowledged = sink.send(outgoing).then(() => {
    tally.sent();
    tell("sent");
  });
  // Whoever commits hears of a failure; until then it must not count as one that nobody heard.
  acknowledged.catch(() => {});
  return { acknowledged };
}

// A consumer parks what its last replay did not help; it cannot create the topic while it hands over.
async function preparePark(run: Run, record: RawRecord): Promise<void> {
  const { topic } = record;
  if (countReplays(record) < maxReplays || run.parkable.has(topic)) return;
  await requireParked(run.admin, topic, run.options);
  run.parkable.add(topic);
}
