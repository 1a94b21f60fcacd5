import { KeryxError } from "../../core/errors.ts";
import type { TopicPartition } from "../../core/record.ts";
import type { ReplayOptions, ReplayRange } from "../../core/replay.ts";
import type { PortAdmin } from "../../transport/port.ts";

/** The range of a run, fixed at its start, and how far it has come. */
export interface Progress {
  /** What is left. */
  readonly ranges: readonly ReplayRange[];
  readonly resumed: boolean;
  /** Everything before `next` is done for good. */
  commit(at: TopicPartition, next: bigint): Promise<void>;
}

export interface ProgressRequest {
  readonly admin: PortAdmin;
  /** The dead-letter topics. */
  readonly topics: readonly string[];
  readonly group: string;
  readonly replayId: string;
  /** Of what decides which records the run sends where. */
  readonly fingerprint: string;
  readonly dryRun: boolean;
  readonly limits: Pick<ReplayOptions, "fromOffsets" | "toOffsets">;
}

/**
 * Progress lies with the brokers, as offsets of a group that the run has to itself. The end of each range stands in
 * the commit's metadata, so that a run that goes on ends where it was to end at first.
 *
 * @throws KeryxError `usage` when the id belongs to a run with other options
 */
export async function openProgress(request: ProgressRequest): Promise<Progress> {
  const { admin, topics, replayId, fingerprint, dryRun } = request;
  const group = `${request.group}-replay-${replayId}`;
  const found = (await Promise.all(topics.map((topic) => readRanges(request, topic)))).flat();
  const earlier = new Map<string, { readonly next: bigint; readonly to: bigint }>();
  for (const { topic, partition, offset, metadata } of await admin.groupOffsets(group, topics))
    earlier.set(toKey({ topic, partition }), { next: offset, to: readEnd(metadata, fingerprint, replayId) });
  const ends = new Map<string, bigint>();
  const all = found.flatMap((range): readonly ReplayRange[] => {
    const known = earlier.get(toKey(range));
    if (earlier.size > 0 && !known) return [];
    const from = known ? maxOf(known.next, range.from) : range.from;
    const to = known?.to ?? range.to;
    ends.set(toKey(range), to);
    return [{ ...range, from, to }];
  });
  const commitAll = (at: readonly (TopicPartition & { readonly offset: bigint })[]): Promise<void> =>
    admin.commitOffsets(
      group,
      at.map((one) => ({ ...one, metadata: writeEnd(ends.get(toKey(one)) ?? one.offset, fingerprint) })),
    );
  if (!dryRun && earlier.size === 0)
    await commitAll(all.map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
  return {
    ranges: all.filter(({ from, to }) => from < to),
    resumed: earlier.size > 0,
    commit: async ({ topic, partition }, offset) => {
      if (!dryRun) await commitAll([{ topic, partition, offset }]);
    },
  };
}

async function readRanges({ admin, limits }: ProgressRequest, topic: string): Promise<ReplayRange[]> {
  const { fromOffsets, toOffsets } = limits;
  return (await admin.offsets(topic)).map(({ partition, low, high }) => {
    const from = maxOf(low, fromOffsets?.[partition] ?? low);
    return { topic, partition, from, to: maxOf(from, minOf(high, toOffsets?.[partition] ?? high)) };
  });
}

function writeEnd(to: bigint, fingerprint: string): string {
  return `kxr1.${to}.${fingerprint}`;
}

function readEnd(metadata: string | undefined, fingerprint: string, replayId: string): bigint {
  const [, to, own] = /^kxr1\.(\d{1,19})\.([0-9a-f]{8})$/.exec(metadata ?? "") ?? [];
  if (to !== undefined && own === fingerprint) return BigInt(to);
  throw new KeryxError("usage", `Replay ${replayId} was begun with other options, or is no replay's id`, {
    help: "Go on with the options that it was begun with, or begin another run with an id of its own.",
  });
}

function toKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
