// A Kafka in this process, as the port sees it: real offsets, epochs, pauses, groups and rebalances, no network.
import { KeryxError } from "../../src/core/errors.ts";
import type { Header, OutgoingRecord, RawRecord } from "../../src/core/record.ts";
import type {
  KafkaPort,
  NewTopic,
  PortAdmin,
  PortAssignment,
  PortBatch,
  PortConsumer,
  PortConsumerOptions,
  PortOffset,
  PortProducer,
  RebalanceHandlers,
} from "../../src/transport/port.ts";
import { queueRecords } from "../../src/transport/records.ts";

export interface MemoryKafka {
  readonly port: KafkaPort;
  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): void;
  append(topic: string, partition: number, record: Appended): bigint;
  records(topic: string, partition?: number): readonly RawRecord[];
  topics(): readonly string[];
  committed(group: string, topic: string, partition: number): bigint | undefined;
  setCommitted(group: string, topic: string, partition: number, offset: bigint, metadata?: string): void;
  /** What the last commit of a partition said beside its offset. */
  metadata(group: string, topic: string, partition: number): string;
  /** Takes all partitions of a group away and deals them out anew. */
  rebalance(group: string, how?: { readonly lost: boolean }): Promise<void>;
  /** Every commit in order. */
  readonly commits: readonly Commit[];
  /** Faults that a test plants; each is asked before the work is done. */
  readonly faults: {
    send?: ((batch: readonly OutgoingRecord[]) => unknown) | undefined;
    commit?: ((group: string, offsets: readonly PortOffset[]) => unknown) | undefined;
    describe?: ((topics: readonly string[]) => unknown) | undefined;
    groupOffsets?: ((group: string) => unknown) | undefined;
  };
  /** Records that a fetch delivers at most. */
  maxFetch: number;
  /** Partitions that a member has paused now. */
  paused(group: string): readonly string[];
}

export interface Appended {
  readonly key?: Uint8Array | string | null;
  readonly value?: Uint8Array | string | null;
  readonly headers?: readonly Header[];
  readonly timestampMs?: number;
  /** Offsets left out before the record, as compaction leaves them. */
  readonly gap?: bigint;
}

export interface Commit {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata: string;
  readonly epoch: number;
}

interface Log {
  readonly records: RawRecord[];
  next: bigint;
}

interface Member {
  readonly options: PortConsumerOptions;
  readonly topics: readonly string[];
  readonly handle: (batch: PortBatch) => void | Promise<void>;
  readonly handlers: RebalanceHandlers;
  readonly assignments: Map<string, PortAssignment & { position: bigint }>;
  readonly paused: Set<string>;
  isReady: boolean;
  isFetching: boolean;
}

interface Group {
  readonly members: Set<Member>;
  readonly offsets: Map<string, bigint>;
  readonly metadata: Map<string, string>;
  turn: Promise<void>;
}

const bytes = (value: Uint8Array | string | null | undefined): Uint8Array | null =>
  typeof value === "string" ? new TextEncoder().encode(value) : (value ?? null);
const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

export function createMemoryKafka(now: () => number = Date.now): MemoryKafka {
  const topics = new Map<string, { readonly logs: Log[]; readonly config: Map<string, string> }>();
  const groups = new Map<string, Group>();
  const commits: Commit[] = [];
  const faults: MemoryKafka["faults"] = {};
  let epoch = 0;
  let spread = 0;

  const groupOf = (name: string): Group => {
    const group = groups.get(name) ?? {
      members: new Set(),
      offsets: new Map(),
      metadata: new Map(),
      turn: Promise.resolve(),
    };
    groups.set(name, group);
    return group;
  };

  const logOf = (topic: string, partition: number): Log => {
    const log = topics.get(topic)?.logs[partition];
    if (!log) throw new KeryxError("topic_missing", `There is no ${keyOf(topic, partition)}`);
    return log;
  };

  const kickAll = (): void => {
    for (const { members } of groups.values()) for (const member of members) kick(member);
  };

  const kick = (member: Member): void => {
    if (member.isFetching || !member.isReady) return;
    member.isFetching = true;
    setImmediate(() => {
      member.isFetching = false;
      void fetch(member);
    });
  };

  const fetch = async (member: Member): Promise<void> => {
    let isMore = false;
    for (const [key, assignment] of member.assignments) {
      if (!member.isReady || member.paused.has(key)) continue;
      const log = logOf(assignment.topic, assignment.partition);
      const first = log.records.findIndex(({ offset }) => offset >= assignment.position);
      const slice = first < 0 ? [] : log.records.slice(first, first + kafka.maxFetch);
      if (slice.length === 0 && assignment.position >= log.next) continue;
      const isLast = first < 0 || first + slice.length >= log.records.length;
      isMore ||= !isLast;
      const { topic, partition } = assignment;
      await member.handle({
        topic,
        partition,
        epoch: assignment.epoch,
        records: queueRecords(slice),
        highWatermark: log.next,
        nextOffset: isLast ? log.next : (slice.at(-1)?.offset ?? 0n) + 1n,
        resolve: (offset) => {
          if (offset + 1n > assignment.position) assignment.position = offset + 1n;
        },
      });
    }
    if (isMore) kick(member);
  };

  const startOf = (group: Group, options: PortConsumerOptions, topic: string, partition: number): bigint => {
    const committed = group.offsets.get(keyOf(topic, partition));
    if (committed !== undefined) return committed;
    const log = logOf(topic, partition);
    return options.from === "latest" ? log.next : (log.records[0]?.offset ?? log.next);
  };

  const takeAway = async (group: Group, isLost: boolean): Promise<void> => {
    for (const member of group.members) {
      const held = [...member.assignments.values()];
      member.isReady = false;
      if (isLost) member.handlers.lost(held);
      else if (held.length > 0) await member.handlers.revoked(held);
      member.assignments.clear();
      member.paused.clear();
    }
  };

  const dealOut = async (group: Group): Promise<void> => {
    const members = [...group.members];
    let turn = 0;
    for (const [topic, { logs }] of topics)
      for (const partition of logs.keys()) {
        const able = members.filter((member) => member.topics.includes(topic));
        const member = able[turn++ % Math.max(able.length, 1)];
        if (!member) continue;
        const position = startOf(group, member.options, topic, partition);
        member.assignments.set(keyOf(topic, partition), { topic, partition, epoch: ++epoch, position });
      }
    for (const member of members) {
      const { offsets, metadata } = group;
      await member.handlers.assigned(
        [...member.assignments].map(([key, { position, ...at }]) => {
          const known = offsets.has(key) ? metadata.get(key) : undefined;
          return { ...at, offset: position, ...(known === undefined ? {} : { metadata: known }) };
        }),
      );
      member.isReady = true;
      kick(member);
    }
  };

  const rebalance = (name: string, isLost = false): Promise<void> => {
    const group = groupOf(name);
    group.turn = group.turn.then(() => takeAway(group, isLost)).then(() => dealOut(group));
    return group.turn;
  };

  const append = (topic: string, partition: number, record: Appended): bigint => {
    const log = logOf(topic, partition);
    const offset = log.next + (record.gap ?? 0n);
    log.records.push({
      topic,
      partition,
      offset,
      key: bytes(record.key),
      value: bytes(record.value),
      headers: record.headers ?? [],
      timestampMs: record.timestampMs ?? now(),
    });
    log.next = offset + 1n;
    kickAll();
    return offset;
  };

  const consumer = (options: PortConsumerOptions): PortConsumer => {
    let member: Member | undefined;
    const group = groupOf(options.group);
    const own = (): Map<string, PortAssignment & { position: bigint }> => member?.assignments ?? new Map();
    return {
      async start(names, handle, handlers) {
        for (const name of names) if (!topics.has(name)) throw new KeryxError("topic_missing", name);
        member = {
          options,
          topics: names,
          handle,
          handlers,
          assignments: new Map(),
          paused: new Set(),
          isReady: false,
          isFetching: false,
        };
        group.members.add(member);
        await rebalance(options.group);
      },
      async commit(offsets, ofEpoch) {
        const fault = await faults.commit?.(options.group, offsets);
        if (fault) throw fault;
        for (const { topic, partition } of offsets)
          if (own().get(keyOf(topic, partition))?.epoch !== ofEpoch)
            throw new KeryxError("fenced", `epoch ${ofEpoch} is over`);
        for (const { topic, partition, offset, metadata = "" } of offsets) {
          group.offsets.set(keyOf(topic, partition), offset);
          group.metadata.set(keyOf(topic, partition), metadata);
          commits.push({ group: options.group, topic, partition, offset, metadata, epoch: ofEpoch });
        }
      },
      pause(list) {
        for (const { topic, partition } of list) member?.paused.add(keyOf(topic, partition));
      },
      resume(list) {
        for (const { topic, partition } of list) member?.paused.delete(keyOf(topic, partition));
        if (member) kick(member);
      },
      seek({ topic, partition, offset }) {
        const assignment = own().get(keyOf(topic, partition));
        if (assignment) assignment.position = offset;
        if (member) kick(member);
      },
      assignment: () => [...own().values()],
      async close() {
        if (!member) return;
        group.members.delete(member);
        member.isReady = false;
        member.assignments.clear();
        if (group.members.size > 0) await rebalance(options.group);
      },
    };
  };

  const producer = (): PortProducer => ({
    async connect() {},
    async send(batch) {
      const fault = faults.send?.(batch);
      if (fault) throw await fault;
      return batch.map((record) => {
        for (const [name, value] of record.headers)
          if (value === null) throw new Error(`null header ${name}`);
        const count = topics.get(record.topic)?.logs.length ?? 0;
        if (count === 0) throw new KeryxError("topic_missing", record.topic);
        const partition = record.partition ?? spread++ % count;
        const offset = append(record.topic, partition, record);
        return { topic: record.topic, partition, offset };
      });
    },
    partitionsOf: async (topic) => topics.get(topic)?.logs.length ?? 0,
    async close() {},
  });

  const createTopic = (
    topic: string,
    partitions: number,
    config: Readonly<Record<string, string>> = {},
  ): void => {
    const logs = Array.from({ length: partitions }, () => ({ records: [], next: 0n }));
    const defaults = {
      "cleanup.policy": "delete",
      "retention.ms": "604800000",
      "max.message.bytes": "1048588",
    };
    topics.set(topic, { logs, config: new Map(Object.entries({ ...defaults, ...config })) });
  };

  const admin = (): PortAdmin => ({
    async describeTopics(names) {
      const fault = faults.describe?.(names);
      if (fault) throw fault;
      return names.flatMap((topic) => {
        const found = topics.get(topic);
        return found ? { topic, partitions: found.logs.length, replicationFactor: 1 } : [];
      });
    },
    describeConfig: async (topic) => topics.get(topic)?.config ?? new Map(),
    async createTopics(list: readonly NewTopic[]) {
      const fresh = list.filter(({ topic }) => !topics.has(topic));
      for (const { topic, partitions, config } of fresh) createTopic(topic, partitions ?? 1, config);
      return fresh.map(({ topic }) => topic);
    },
    async deleteTopics(names) {
      for (const name of names) topics.delete(name);
    },
    async offsets(topic) {
      const found = topics.get(topic);
      if (!found) throw new KeryxError("topic_missing", topic);
      return found.logs.map((log, partition) => ({
        partition,
        low: log.records[0]?.offset ?? log.next,
        high: log.next,
      }));
    },
    async groupOffsets(name, names) {
      const fault = faults.groupOffsets?.(name);
      if (fault) throw fault;
      return [...groupOf(name).offsets].flatMap(([key, offset]) => {
        const [topic = "", partition = "0"] = key.split("/");
        const metadata = groupOf(name).metadata.get(key);
        return (names?.includes(topic) ?? true)
          ? { topic, partition: Number(partition), offset, ...(metadata ? { metadata } : {}) }
          : [];
      });
    },
    async commitOffsets(name, offsets) {
      const fault = faults.commit?.(name, offsets);
      if (fault) throw fault;
      const group = groupOf(name);
      if (group.members.size > 0) throw new KeryxError("fenced", `${name} has members`);
      for (const { topic, partition, offset, metadata = "" } of offsets) {
        group.offsets.set(keyOf(topic, partition), offset);
        group.metadata.set(keyOf(topic, partition), metadata);
      }
    },
    async close() {},
  });

  const kafka: MemoryKafka = {
    commits,
    faults,
    maxFetch: 500,
    createTopic,
    append,
    records: (topic, partition) =>
      (topics.get(topic)?.logs ?? [])
        .filter((_, index) => partition === undefined || index === partition)
        .flatMap((log) => log.records),
    topics: () => [...topics.keys()],
    committed: (group, topic, partition) => groupOf(group).offsets.get(keyOf(topic, partition)),
    setCommitted(group, topic, partition, offset, metadata = "") {
      groupOf(group).offsets.set(keyOf(topic, partition), offset);
      groupOf(group).metadata.set(keyOf(topic, partition), metadata);
    },
    metadata: (group, topic, partition) => groupOf(group).metadata.get(keyOf(topic, partition)) ?? "",
    rebalance: (group, how) => rebalance(group, how?.lost ?? false),
    paused: (group) => [...groupOf(group).members].flatMap((member) => [...member.paused]),
    port: {
      capabilities: {
        client: "memory",
        idempotent: true,
        partitionPause: true,
        commitMetadata: true,
        awaitedRevoke: true,
        codecs: ["none"],
      },
      ping: async () => ({ brokers: 1, controller: 0 }),
      producer,
      consumer,
      admin,
      async read(from, to, each) {
        for (const record of logOf(from.topic, from.partition).records)
          if (record.offset >= from.offset && record.offset < to) await each(record);
        return to;
      },
      async close() {},
    },
  };
  return kafka;
}
