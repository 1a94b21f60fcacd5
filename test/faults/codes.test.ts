import { expect } from "chai";
import { KeryxError } from "keryx";
import { type FaultEffect, startTestServers, type TestServers } from "keryx/testing";
import { ApiRequest } from "../../generated/index.ts";
import type { Signal } from "../../src/core/signals.ts";
import { toRequest } from "../support/effects/workload.ts";
import { until } from "../support/faults/run.ts";

/** What a broker answers to an API, and the one thing that is done about it. */
interface Row {
  readonly api: string;
  readonly answer: string;
  readonly effect: FaultEffect;
  /** How often in a row. Default 2. */
  readonly times?: number;
  readonly reaction: string;
  /** The send that meets it is rejected with this code; otherwise everything arrives. */
  readonly rejects?: string;
  /** What the broker then answers to another API, once: it does not say such things alone. */
  readonly and?: string;
  /** Signals that tell of it, all of them. */
  readonly told?: readonly Signal["kind"][];
  readonly isIdempotent?: boolean;
}

const code = (number: number): FaultEffect => ({ kind: "error", code: number });
const again = "the batch is sent again";
const elsewhere = "metadata is asked for, and the batch is sent again";
const refetched = "metadata is asked for, and the partition is fetched again from the same place";
const later = "the coordinator is looked for and asked again";

/** `docs/reliability-faults.md` shows the same rows. */
const rows: readonly Row[] = [
  { api: "Produce", answer: "NOT_LEADER_OR_FOLLOWER", effect: code(6), reaction: elsewhere },
  { api: "Produce", answer: "UNKNOWN_TOPIC_OR_PARTITION", effect: code(3), reaction: elsewhere },
  { api: "Produce", answer: "NOT_ENOUGH_REPLICAS", effect: code(19), reaction: again },
  { api: "Produce", answer: "NOT_ENOUGH_REPLICAS_AFTER_APPEND", effect: code(20), reaction: again },
  { api: "Produce", answer: "CORRUPT_MESSAGE", effect: code(2), reaction: again },
  {
    ...{
      api: "Produce",
      answer: "MESSAGE_TOO_LARGE",
      effect: code(10),
      times: 1,
      rejects: "record_too_large",
    },
    reaction: "a batch is halved; a single record is rejected, and those behind it go on",
  },
  {
    ...{ api: "Produce", answer: "INVALID_PRODUCER_EPOCH", effect: code(47), times: 1, isIdempotent: true },
    ...{ rejects: "fenced" },
    reaction: "the send is rejected, since it may be stored; the next one has a new producer id",
  },
  {
    ...{ api: "Produce", answer: "throttle time", effect: { kind: "throttle", throttleMs: 300 } as const },
    reaction: "the answer counts; the next request waits as long as it says",
  },
  { api: "Fetch", answer: "NOT_LEADER_OR_FOLLOWER", effect: code(6), reaction: refetched },
  { api: "Fetch", answer: "UNKNOWN_TOPIC_OR_PARTITION", effect: code(3), reaction: refetched },
  {
    api: "Fetch",
    answer: "CORRUPT_MESSAGE",
    effect: code(2),
    reaction: "the partition is fetched again from the same place",
  },
  {
    ...{
      api: "Fetch",
      answer: "OFFSET_OUT_OF_RANGE",
      effect: code(1),
      times: 1,
      told: ["offsets.reset"] as const,
    },
    reaction: "told as `offsets.reset`, and read again from the start of the log: never forward",
  },
  {
    ...{ api: "Fetch", answer: "throttle time", effect: { kind: "throttle", throttleMs: 300 } as const },
    reaction: "the records count; the next fetch waits as long as it says",
  },
  {
    api: "OffsetCommit",
    answer: "COORDINATOR_LOAD_IN_PROGRESS",
    effect: code(14),
    reaction: `${later}; nothing is forgotten`,
  },
  {
    api: "OffsetCommit",
    answer: "NOT_COORDINATOR",
    effect: code(16),
    reaction: `${later}; nothing is forgotten`,
  },
  {
    api: "OffsetCommit",
    answer: "REBALANCE_IN_PROGRESS",
    effect: code(27),
    times: 1,
    and: "Heartbeat",
    told: ["consumer.rebalancing"],
    reaction: "the member joins again and commits what is done then",
  },
  { api: "Heartbeat", answer: "NOT_COORDINATOR", effect: code(16), reaction: later },
  {
    ...{ api: "Heartbeat", answer: "REBALANCE_IN_PROGRESS", effect: code(27), times: 1 },
    told: ["consumer.rebalancing", "partition.revoked"],
    reaction: "drain, commit, join again",
  },
  {
    ...{
      api: "Heartbeat",
      answer: "FENCED_INSTANCE_ID",
      effect: code(82),
      times: 1,
      told: ["consumer.crashed"] as const,
    },
    reaction: "this membership is over and told as crashed; a new one begins",
  },
  { api: "JoinGroup", answer: "COORDINATOR_LOAD_IN_PROGRESS", effect: code(14), reaction: later },
  { api: "SyncGroup", answer: "REBALANCE_IN_PROGRESS", effect: code(27), reaction: "the member joins again" },
];

const task = { flow: "ordered", key: "k", seq: 0, succeedsAt: 1, workMs: 0 } as const;
const few = 10;

describe("Every error code of a broker has one stated reaction, and none is silently ignored", function () {
  this.timeout(120_000);
  let servers: TestServers;
  const verdicts: Promise<void>[] = [];

  const play = async (row: Row, index: number): Promise<void> => {
    const { api, effect, times = 2, rejects, told = [], isIdempotent = false } = row;
    const [topic, group] = [`codes-${index}`, `codes-${index}-group`];
    const event = {
      ...ApiRequest,
      topic,
      subject: `${topic}-value`,
      policy: { ...ApiRequest.policy, ordered: false, retry: { delaysMs: [] }, deadLetter: `${topic}-dlq` },
    };
    servers.broker.createTopic({ name: topic, partitions: 1 });
    const handled: string[] = [];
    const signals: Signal[] = [];
    const app = await servers.connect({
      producer: { idempotent: isIdempotent },
      observe: (signal) => void signals.push(signal),
    });
    const isOfGroup = api.endsWith("Group") || api === "Heartbeat" || api === "OffsetCommit";
    const match = { api, ...(isOfGroup ? { group } : { topic }) };
    const send = async (name: string): Promise<void> => {
      const init = toRequest({ ...task, id: crypto.randomUUID() });
      await app.producer.send(event, { ...init, path: name });
    };
    const isJoin = api === "JoinGroup" || api === "SyncGroup";
    const inject = () => {
      if (row.and !== undefined) servers.broker.faults.inject({ api: row.and, group }, effect);
      return servers.broker.faults.inject(match, effect, { times });
    };
    let fault = isJoin ? inject() : undefined;
    await app
      .consumer({ group, sessionTimeoutMs: 6_000, drainTimeoutMs: 500, commitTimeoutMs: 2_000 })
      .on(event, ({ path }) => void handled.push(path))
      .start();
    for (let i = 0; i < few; i++) await send(`before ${i}`);
    await until("the first are handled", () => handled.length >= few);
    fault ??= inject();
    if (rejects !== undefined) {
      const error = await send("refused").catch((one: unknown) => one);
      expect(error, "of the send").to.be.instanceOf(KeryxError).with.property("code", rejects);
    }
    for (let i = 0; i < few; i++) await send(`after ${i}`);
    const found = fault;
    await until("the fault is used up", () => found.hits === times);
    await until("all are handled", () => new Set(handled).size >= 2 * few);
    await until("all are committed", () =>
      servers.broker.lag(group).every(({ committed, end }) => committed === end),
    );
    expect(handled.filter((path) => path !== "refused").toSorted(), "each once").to.deep.equal(
      ["before", "after"].flatMap((name) => Array.from({ length: few }, (_, i) => `${name} ${i}`)).toSorted(),
    );
    expect(servers.broker.records(`${topic}-dlq`), "dead letters").to.deep.equal([]);
    for (const kind of told) await until(`${kind} is told`, () => signals.some((one) => one.kind === kind));
    await app.close();
  };

  before(async () => {
    servers = await startTestServers();
    for (let from = 0; from < rows.length; from += 7) {
      const batch = rows.slice(from, from + 7).map((row, at) => play(row, from + at));
      verdicts.push(...batch);
      await Promise.allSettled(batch);
    }
  });
  after(() => servers.close());

  rows.forEach(({ api, answer, reaction }, index) => {
    it(`${answer} to ${api}: ${reaction}`, async () => verdicts[index]);
  });
});
