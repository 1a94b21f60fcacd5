import type { Clock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import { createFifo } from "../core/fifo.ts";
import type { OutgoingRecord } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import type { PortProducer } from "../transport/port.ts";
import { repeat } from "./attempts.ts";
import { createChannels } from "./channels.ts";
import type { Fail } from "./failing.ts";
import type { Entry } from "./ledger.ts";
import type { ResolvedProducerOptions } from "./options.ts";

/** Moves encoded records to the broker: room, linger, batches in flight, tries. */
export interface Dispatcher {
  submit(entry: Entry): void;
  /** Gives back the room of a settled record that is in no request. */
  drop(entry: Entry): void;
  /** Ends the linger now. */
  hurry(): void;
  batches(): number;
}

export interface DispatcherDeps {
  readonly topic: string;
  readonly port: Pick<PortProducer, "send" | "leaderOf">;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly options: ResolvedProducerOptions;
  /** Ends sends that failed for good. */
  readonly fail: Fail;
}

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { options } = deps;
  const outside = createFifo<Entry>();
  const requests = createRequests(deps);
  const channels = createChannels({ ...deps, deliver: requests.deliver, ended });
  let heldRecords = 0;
  let heldBytes = 0;

  // A record larger than the whole queue is let in when the queue is empty, or it would wait for ever.
  const hasRoom = (entry: Entry): boolean =>
    heldRecords === 0 ||
    (heldRecords < options.maxQueueRecords && heldBytes + entry.bytes <= options.maxQueueBytes);

  const admit = (entry: Entry, hasWaited: boolean): void => {
    entry.place = "queued";
    heldRecords += 1;
    heldBytes += entry.bytes;
    channels.enter(entry, hasWaited);
  };

  const leave = (entry: Entry): void => {
    entry.place = "gone";
    heldRecords -= 1;
    heldBytes -= entry.bytes;
    channels.leave(entry);
  };

  const letIn = (): void => {
    for (let entry = outside.peek(); entry !== undefined; entry = outside.peek()) {
      if (!entry.settled && !hasRoom(entry)) return;
      outside.shift();
      if (!entry.settled) admit(entry, true);
    }
  };

  function ended(entries: readonly Entry[]): void {
    for (const entry of entries) leave(entry);
    letIn();
  }

  return {
    submit(entry) {
      if (outside.size() > 0 || !hasRoom(entry)) outside.push(entry);
      else admit(entry, false);
    },
    drop(entry) {
      if (entry.place !== "queued") return;
      leave(entry);
      letIn();
    },
    hurry: channels.hurry,
    batches: requests.count,
  };
}

/** One batch until each of its sends has ended. Never rejects. */
function createRequests(deps: DispatcherDeps): {
  readonly deliver: (entries: readonly Entry[]) => Promise<void>;
  readonly count: () => number;
} {
  const { clock, observe, topic } = deps;
  let count = 0;

  async function deliver(entries: readonly Entry[]): Promise<void> {
    const isLive = (entry: Entry): boolean => !entry.settled;
    const isWanted = (): boolean => entries.some(isLive);
    let tried: readonly Entry[] = entries;
    try {
      await repeat(clock, deps.options, {
        isWanted,
        run: (attempt) => {
          tried = entries.filter(isLive);
          return request(tried, attempt);
        },
        failed: (error) => {
          for (const entry of tried) entry.lastError = error;
        },
      });
    } catch (thrown) {
      const error = KeryxError.from(thrown);
      const left = tried.filter(isLive);
      if (error.code === "record_too_large" && left.length > 1) {
        // In turn and not at once: both halves may hold the same key.
        const half = Math.ceil(left.length / 2);
        await deliver(left.slice(0, half));
        await deliver(left.slice(half));
      } else if (left.length > 0) deps.fail(left, error);
    }
  }

  async function request(entries: readonly Entry[], attempt: number): Promise<void> {
    if (entries.length === 0) return;
    const startedMs = clock.now();
    const records: OutgoingRecord[] = [];
    for (const entry of entries) {
      if (entry.attempts === 0) entry.firstAttemptMs = startedMs;
      entry.attempts += 1;
      entry.lastAttemptMs = startedMs;
      if (entry.record) records.push(entry.record);
    }
    count += 1;
    const metas = await deps.port.send(records);
    observe({
      kind: "batch.sent",
      topic,
      records: records.length,
      durationMs: clock.now() - startedMs,
      attempt,
    });
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      // Called off meanwhile: its sender was told that it failed.
      if (!entry || entry.settled) continue;
      const meta = metas[i] ?? { topic, partition: -1, offset: -1n };
      observe({
        kind: "record.produced",
        topic,
        partition: meta.partition,
        offset: meta.offset,
        ...(entry.event ? { event: entry.event.type } : {}),
        messageId: entry.messageId,
      });
      entry.end({ kind: "produced", meta });
    }
  }

  return { deliver, count: () => count };
}
