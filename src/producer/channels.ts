import type { Clock } from "../core/clock.ts";
import type { PortProducer } from "../transport/port.ts";
import { type Batch, createBatchQueue } from "./batching.ts";
import type { Entry } from "./ledger.ts";
import type { ResolvedProducerOptions } from "./options.ts";

/** Batches, in channels by broker: one that cannot be reached holds up its own records and no others. */
export interface Channels {
  /** Queues a record. What has waited already waits for no linger. */
  enter(entry: Entry, hasWaited: boolean): void;
  /** Forgets a record whose batch has ended, or that was settled in the queue. */
  leave(entry: Entry): void;
  /** Ends the linger now. */
  hurry(): void;
}

export interface ChannelsDeps {
  readonly clock: Clock;
  readonly options: ResolvedProducerOptions;
  readonly port: Pick<PortProducer, "leaderOf">;
  /** Resolves when each send of a batch has ended. Never rejects. */
  readonly deliver: (entries: readonly Entry[]) => Promise<void>;
  /** A batch is over. */
  readonly ended: (entries: readonly Entry[]) => void;
}

export function createChannels(deps: ChannelsDeps): Channels {
  const { options, port } = deps;
  const byLeader = new Map<number | undefined, Channel>();
  const keys = new Map<string, { readonly channel: Channel; open: number }>();
  // What is under way to all brokers together: many small requests to each would cost more than they bring.
  const share = (): number => Math.max(1, Math.floor(options.maxInFlight / byLeader.size));

  function channelOf({ record }: Entry): Channel {
    // An idempotent producer has one request in flight: what comes between it and its repeat ends its numbers.
    const leader = options.idempotent || !record ? undefined : port.leaderOf?.(record);
    let channel = byLeader.get(leader);
    if (channel === undefined) {
      channel = createChannel(deps, share);
      byLeader.set(leader, channel);
    }
    return channel;
  }

  // While records of its key are open, a record follows them, also when the leader has moved: it could overtake them.
  function follow(key: string, entry: Entry): Channel {
    const known = keys.get(key);
    if (known) {
      known.open++;
      return known.channel;
    }
    const channel = channelOf(entry);
    keys.set(key, { channel, open: 1 });
    return channel;
  }

  return {
    enter(entry, hasWaited) {
      const channel = entry.key === undefined ? channelOf(entry) : follow(entry.key, entry);
      channel.push(entry);
      channel.plan(hasWaited);
    },
    leave({ key }) {
      const known = key === undefined ? undefined : keys.get(key);
      if (key !== undefined && known && --known.open === 0) keys.delete(key);
    },
    hurry() {
      for (const channel of byLeader.values()) channel.plan(true);
    },
  };
}

/** Batches to one broker: their linger, and how many are under way. */
interface Channel {
  push(entry: Entry): void;
  plan(hasWaited: boolean): void;
}

function createChannel({ clock, options, deliver, ended }: ChannelsDeps, share: () => number): Channel {
  const queue = createBatchQueue<Entry>({
    maxRecords: options.maxBatchRecords,
    maxBytes: options.batchBytes,
  });
  let inFlight = 0;
  let isScheduled = false;
  let cancelLinger: (() => void) | undefined;

  function plan(hasWaited: boolean): void {
    if (isScheduled || inFlight >= share() || !queue.hasReady()) return;
    if (!hasWaited && options.lingerMs > 0 && !queue.isFull()) {
      cancelLinger ??= clock.schedule(options.lingerMs, () => {
        cancelLinger = undefined;
        dispatch();
      });
      return;
    }
    isScheduled = true;
    setImmediate(dispatch);
  }

  function dispatch(): void {
    isScheduled = false;
    cancelLinger?.();
    cancelLinger = undefined;
    while (inFlight < share()) {
      const batch = queue.take();
      if (!batch) return;
      inFlight += 1;
      for (const entry of batch.entries) entry.place = "request";
      void deliver(batch.entries).finally(() => finish(batch));
    }
  }

  function finish(batch: Batch<Entry>): void {
    inFlight -= 1;
    queue.release(batch);
    ended(batch.entries);
    plan(true);
  }

  return { push: queue.push, plan };
}
