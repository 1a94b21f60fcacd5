import type { Clock } from "../core/clock.ts";
import type { MemberSnapshot } from "../core/health.ts";
import type { TopicPartition } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import type {
  ConsumerEvent,
  PortAssignment,
  PortBatch,
  PortConsumer,
  PortOffset,
} from "../transport/port.ts";
import { noteArrival, type Track, type Tracks, toKey, toTrack } from "./tracks.ts";

/** What passes between a group member and its client, as far as health and lag need it. */
export interface Member {
  /** The client, overheard. */
  readonly port: PortConsumer;
  state(): Pick<MemberSnapshot, "group" | "phase" | "sinceMs" | "heartbeatMs">;
  track(at: TopicPartition): Track | undefined;
  /** Asks the brokers where partitions end that nothing was heard of for a while. Returns at once. */
  look(): void;
}

export interface MemberDeps {
  readonly group: string;
  readonly clock: Clock;
  readonly observe: Observe;
  /** End offsets of a topic's partitions. */
  readonly ends: (topic: string) => Promise<readonly { readonly partition: number; readonly high: bigint }[]>;
}

/** Without news for so long, a partition's end is asked for. */
const quietMs = 10_000;
export function watchMember(port: PortConsumer, deps: MemberDeps): Member {
  const { group } = deps;
  const tracks: Tracks = new Map();
  const ledger = createLedger(deps, tracks);
  return {
    state: () => ({ group, ...ledger.state() }),
    track: (at) => tracks.get(toKey(at)),
    look: createLook(deps, tracks, ledger.seeEnd),
    port: overhear(port, ledger),
  };
}

/** What is known of a member, event by event. */
interface Ledger {
  state(): Pick<MemberSnapshot, "phase" | "sinceMs" | "heartbeatMs">;
  seeEnd(track: Track, end: bigint): void;
  enter(phase: MemberSnapshot["phase"]): void;
  begin(assigned: readonly PortAssignment[]): void;
  arrive(batch: PortBatch): void;
  hear(event: ConsumerEvent): void;
  committed(offsets: readonly PortOffset[], epoch: number): void;
  resumed(partitions: readonly TopicPartition[]): void;
}

function createLedger({ group, clock, observe }: MemberDeps, tracks: Tracks): Ledger {
  const isHeard = observe.hearsRoutine !== false;
  let phase: MemberSnapshot["phase"] = "joining";
  let sinceMs = clock.now();
  let heartbeatMs = sinceMs;

  const enter = (next: MemberSnapshot["phase"]): void => {
    if (phase === next) return;
    phase = next;
    sinceMs = clock.now();
  };
  const report = ({ topic, partition, end, committed }: Track): void => {
    if (!isHeard || end === undefined || committed === undefined) return;
    const lag = end > committed ? end - committed : 0n;
    observe({ kind: "partition.lag", group, topic, partition, lag });
  };
  const seeEnd = (track: Track, end: bigint): void => {
    const nowMs = clock.now();
    const wasBehind = (track.end ?? -1n) > (track.committed ?? -1n);
    if (!wasBehind) track.movedMs = nowMs;
    track.end = end;
    track.endSeenMs = nowMs;
    report(track);
  };

  return {
    state: () => ({ phase, sinceMs, heartbeatMs }),
    seeEnd,
    enter,
    begin(assigned) {
      tracks.clear();
      for (const at of assigned) tracks.set(toKey(at), toTrack(at, clock.now()));
      heartbeatMs = clock.now();
      enter("joined");
    },
    arrive(batch) {
      const track = tracks.get(toKey(batch));
      if (track?.epoch !== batch.epoch) return;
      seeEnd(track, batch.highWatermark);
      noteArrival(track, batch, clock.now());
    },
    hear(event) {
      if (event.kind === "heartbeat") {
        heartbeatMs = clock.now();
        if (isHeard) observe({ kind: "consumer.heartbeat", group });
      } else if (event.kind === "rejoining") {
        enter("rejoining");
        observe({ kind: "consumer.rebalancing", group });
      } else if (event.kind === "crash") enter(event.willRestart ? "crashed" : "failed");
      else if (event.kind === "unreadable") {
        const track = tracks.get(toKey(event.at));
        if (track) track.unreadableMs = clock.now();
      }
    },
    committed(offsets, epoch) {
      for (const { offset, ...at } of offsets) {
        const track = tracks.get(toKey(at));
        if (track?.epoch !== epoch) continue;
        track.committed = offset;
        track.movedMs = clock.now();
        report(track);
      }
    },
    resumed(partitions) {
      for (const at of partitions) {
        const track = tracks.get(toKey(at));
        if (track) track.movedMs = clock.now();
      }
    },
  };
}

function overhear(port: PortConsumer, ledger: Ledger): PortConsumer {
  return {
    ...port,
    start: (topics, handle, rebalance, onEvent) =>
      port.start(
        topics,
        (batch) => {
          ledger.arrive(batch);
          return handle(batch);
        },
        {
          assigned(partitions) {
            ledger.begin(partitions);
            return rebalance.assigned(partitions);
          },
          revoked(partitions) {
            ledger.enter("rejoining");
            return rebalance.revoked(partitions);
          },
          lost(partitions) {
            ledger.enter("rejoining");
            rebalance.lost(partitions);
          },
        },
        (event) => {
          ledger.hear(event);
          onEvent?.(event);
        },
      ),
    async commit(offsets, epoch) {
      await port.commit(offsets, epoch);
      ledger.committed(offsets, epoch);
    },
    resume(partitions) {
      ledger.resumed(partitions);
      port.resume(partitions);
    },
  };
}

// Asked for by whoever asks for health, and not by a timer: nobody pays for what nobody looks at.
function createLook(
  { clock, ends }: MemberDeps,
  tracks: Tracks,
  seeEnd: (track: Track, end: bigint) => void,
): () => void {
  let isUnderWay = false;
  const ask = async (topics: ReadonlySet<string>): Promise<void> => {
    for (const topic of topics) {
      const found = await ends(topic).catch(() => []);
      for (const { partition, high } of found) {
        const track = tracks.get(toKey({ topic, partition }));
        if (track) seeEnd(track, high);
      }
    }
    isUnderWay = false;
  };
  return () => {
    const nowMs = clock.now();
    const quiet = [...tracks.values()].filter(({ endSeenMs }) => nowMs - endSeenMs >= quietMs);
    if (isUnderWay || quiet.length === 0) return;
    isUnderWay = true;
    void ask(new Set(quiet.map(({ topic }) => topic)));
  };
}
