// The consumer's engine on a Kafka in memory, with every trouble that it has an answer to, judged by the checker.
import { setTimeout as wait } from "node:timers/promises";
import { KeryxError } from "../../../src/core/errors.ts";
import { headerNames } from "../../../src/core/headers.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { findViolations } from "../../../src/testing/reliability/checker.ts";
import { type Effect, toEffect } from "../../../src/testing/reliability/effect-log.ts";
import { type FinalRead, toDigest, toFinalRecord } from "../../../src/testing/reliability/final-read.ts";
import {
  type HistoryEntry,
  type HistoryRecord,
  monotonicMs,
} from "../../../src/testing/reliability/history.ts";
import type { RunPolicy } from "../../../src/testing/reliability/policy.ts";
import { recordSignals } from "../../../src/testing/reliability/recorder.ts";
import { createFastClock, type Harness, header, noteEvent, startHarness } from "../consumer-harness.ts";
import { createRandom } from "../effects/random.ts";
import { createMemoryKafka, type MemoryKafka } from "../memory-kafka.ts";
import { recordPort } from "./recording-port.ts";

export interface EngineVerdict {
  /** Invariants that were broken, and what was seen beside the checker. Empty: all was kept. */
  readonly problems: readonly string[];
  readonly effects: number;
}

interface Message {
  readonly id: string;
  readonly key: string;
  readonly seq: number;
  readonly topic: "orders" | "audit";
  /** 0: never. */
  readonly succeedsAt: number;
  readonly workMs: number;
  readonly isTombstone: boolean;
}

const group = "billing";
const partitions = 2;
const delaysMs = [2_000, 4_000];
const stages = delaysMs.map((delayMs, index) => ({ topic: `orders-retry-${index + 1}`, delayMs }));
const groupOf = (topic: string): string => (topic.includes("-retry-") ? `${group}-retry` : group);
/** So much faster passes the time of the engine. */
const speed = 20;

const orders = noteEvent("Order", { topic: "orders", delaysMs, withId: true });
const audit = noteEvent("Audit", { topic: "audit", ordered: true, withId: true });

const policyOf = (seed: number): RunPolicy => ({
  seed,
  flows: [
    {
      group,
      topic: "orders",
      order: "key",
      tries: 1,
      stages,
      deadLetter: "orders-dlq",
      decisions: [],
      failureClasses: ["transient"],
    },
    { group, topic: "audit", order: "key", tries: 8, stages: [], decisions: [] },
  ],
  dedupe: { windowMs: Number.POSITIVE_INFINITY, scope: "client" },
  isIdempotent: true,
  repeats: { perKill: 0, perLoss: 0, perRevoke: 0, copies: 60 },
});

function drawMessages(seed: number, count: number): readonly Message[] {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const next = new Map<string, number>();
  return Array.from({ length: count }, (_, index) => {
    const topic = random() < 0.5 ? "orders" : "audit";
    const key = `${topic}-${below(24)}`;
    const seq = next.get(key) ?? 0;
    next.set(key, seq + 1);
    const chance = random();
    const fails = topic === "orders" ? ([2, 3, 0][below(3)] ?? 0) : 2 + below(2);
    const succeedsAt = chance < 0.12 ? fails : 1;
    const workMs = chance > 0.97 ? 40 : below(6);
    return {
      id: `m${index}`,
      key,
      seq,
      topic,
      succeedsAt,
      workMs,
      isTombstone: chance > 0.2 && chance < 0.25,
    };
  });
}

type AnyDelivery = Parameters<typeof toEffect>[1];

/** `count` messages, then a quiet end; a run that stands still before it says so. */
export async function runEngine(seed: number, count = 1_500): Promise<EngineVerdict> {
  const clock = createFastClock(speed);
  const memory = createMemoryKafka(() => clock.now());
  for (const topic of ["orders", "audit"]) memory.createTopic(topic, partitions);
  const history: HistoryEntry[] = [];
  const effects: Effect[] = [];
  // The process that works: one is asked to end in the middle, and another one takes over.
  let client = "w1";
  const note = (record: HistoryRecord): void => {
    history.push({ client, atMs: monotonicMs(), ...record });
  };
  const recorded = recordPort(memory, note);
  const messages = drawMessages(seed, count);
  // Some come twice, as a producer that lost an answer may send them.
  for (const message of [...messages, ...messages.filter(isTwice)]) send(memory, message, note);
  const byId = new Map(messages.map((message) => [message.id, message]));
  const handle = async (delivery: AnyDelivery, by = client): Promise<void> => {
    const message = byId.get(delivery.messageId);
    if (!message) throw new Error(`nobody sent ${delivery.messageId}`);
    const { id, key, seq, workMs, succeedsAt } = message;
    if (workMs > 0) await wait(workMs);
    if (succeedsAt === 0 || delivery.attempt < succeedsAt)
      throw new Error(`not at attempt ${delivery.attempt}`);
    const effect = toEffect(group, delivery, { id, key, seq, digest: toDigest(toValue(message)) });
    effects.push({ ...effect, client: by, atMs: monotonicMs(), wallMs: clock.now(), isSure: true });
  };
  const pauses = watchPauses(recorded.paused);
  const signals = recordSignals({ append: note, close: () => {} }, () => clock.now());
  const startLife = (): Promise<Harness> =>
    startHarness({
      kafka: { ...memory, port: recorded.port },
      clock,
      // Commits are the port's to tell: it knows those that failed, too.
      observe(signal) {
        if (signal.kind !== "offsets.committed") signals(signal);
        pauses.hear(signal);
      },
      options: {
        ...{ createTopics: true, concurrency: 16, here: { baseMs: 20, maxMs: 200 } },
        drainTimeoutMs: 4_000,
      },
      on: [
        [orders, (_, delivery) => handle(delivery)],
        [audit, (_, delivery) => handle(delivery)],
      ],
      tombstones: { orders: (_, delivery) => handle(delivery), audit: (_, delivery) => handle(delivery) },
    });
  let harness = await startLife();
  const takeOver = async (): Promise<void> => {
    await harness.close();
    client = "w2";
    harness = await startLife();
  };
  const progress = createProgress(memory, messages, effects);
  const troubles = runTroubles(memory, () => harness, takeOver, progress);
  const stuck = await untilThrough(progress);
  troubles.stop();
  await harness.close();
  const violations = findViolations(history, effects, readMemory(memory), policyOf(seed));
  const problems = [
    ...violations.map((one) => `${one.invariant}: ${one.class} (${one.total}): ${one.examples[0]}`),
    ...pauses.problems(),
    ...(stuck ? [stuck] : troubles.unfired()),
  ];
  return { problems, effects: effects.length };
}

const isTwice = ({ succeedsAt, seq }: Message): boolean => succeedsAt === 1 && seq % 20 === 7;

function toValue({ id, topic, isTombstone }: Message): Uint8Array | null {
  const name = topic === "orders" ? "Order" : "Audit";
  return isTombstone ? null : new TextEncoder().encode(`${name}|${id}:x`);
}

function send(memory: MemoryKafka, message: Message, note: (record: HistoryRecord) => void): void {
  const { id, key, seq, topic } = message;
  const value = toValue(message);
  const partition = Number(key.split("-")[1]) % partitions;
  const headers = [
    header(headerNames.messageId, id),
    header("tag", "a"),
    header("tag", "b"),
    header("other", ""),
  ];
  const offset = Number(memory.append(topic, partition, { key, value, headers }));
  note({ name: "producer_send_success", id, key, seq, digest: toDigest(value), topic, partition, offset });
}

interface Progress {
  effects(): number;
  /** Every message has an effect or a dead letter. */
  isHandled(): boolean;
  isCommitted(): boolean;
  /** Changes as long as anything moves. */
  state(): string;
}

function createProgress(
  memory: MemoryKafka,
  messages: readonly Message[],
  effects: readonly Effect[],
): Progress {
  const dead = messages.filter(({ succeedsAt }) => succeedsAt === 0).length;
  const letters = (): number =>
    memory.topics().includes("orders-dlq") ? memory.records("orders-dlq").length : 0;
  const isAt = (topic: string, partition: number): boolean => {
    const end = memory.records(topic, partition).at(-1)?.offset;
    return end === undefined || (memory.committed(groupOf(topic), topic, partition) ?? 0n) > end;
  };
  const isCommitted = (): boolean =>
    ["orders", "audit", ...stages.map(({ topic }) => topic)].every(
      (topic) => isAt(topic, 0) && isAt(topic, 1),
    );
  return {
    effects: () => effects.length,
    isHandled: () => letters() >= dead && new Set(effects.map(({ id }) => id)).size >= messages.length - dead,
    isCommitted,
    state: () => `${effects.length} ${letters()} ${memory.commits.length}`,
  };
}

const stuckAfterMs = 4_000;

/** Undefined once all is committed; else that nothing moved any more. */
async function untilThrough(progress: Progress): Promise<string | undefined> {
  let state = "";
  for (let movedAt = performance.now(); !progress.isCommitted(); await wait(5)) {
    const now = progress.state();
    if (now !== state) movedAt = performance.now();
    else if (performance.now() - movedAt > stuckAfterMs)
      return `stuck: ${state} effects, dead letters, commits`;
    state = now;
  }
  return undefined;
}

interface Trouble {
  readonly atEffects: number;
  readonly start: () => void;
}

/** Everything that the engine has an answer to, once the work has come so far. */
function runTroubles(
  memory: MemoryKafka,
  harness: () => Harness,
  takeOver: () => Promise<void>,
  progress: Progress,
): { stop(): void; unfired(): readonly string[] } {
  const { faults } = memory;
  const hits = { sends: 0, commits: 0, registry: 0 };
  const down = new KeryxError("broker_unreachable", "planted");
  const heal = (): void => {
    const { registry, outcomes } = harness();
    if (registry.isDown && outcomes().filter((one) => one === "held").length > 2) {
      hits.registry++;
      registry.isDown = false;
    }
    // The last commits fail, and nothing new comes behind them.
    if (progress.isHandled()) faults.commit = undefined;
  };
  let isTakingOver = false;
  const troubles: Trouble[] = [
    {
      // Before anything is written twice: the next process does not remember what this one handled.
      atEffects: 30,
      start() {
        isTakingOver = true;
        void takeOver().then(() => {
          isTakingOver = false;
        });
      },
    },
    { atEffects: 60, start: () => (harness().registry.isDown = true) },
    {
      atEffects: 150,
      start() {
        faults.send = ([record]) => (record?.topic.endsWith("-dlq") && hits.sends++ < 3 ? down : undefined);
      },
    },
    { atEffects: 250, start: () => void memory.rebalance(group) },
    { atEffects: 350, start: () => void memory.rebalance(group, { lost: true }) },
    { atEffects: 450, start: () => void memory.rebalance(`${group}-retry`) },
    { atEffects: 550, start: () => void memory.rebalance(group) },
    { atEffects: 650, start: () => void memory.rebalance(group, { lost: true }) },
    {
      atEffects: 1_000,
      start() {
        faults.commit = () => (hits.commits++ >= 0 ? down : undefined);
      },
    },
  ];
  const timer = setInterval(() => {
    if (isTakingOver) return;
    heal();
    while (!isTakingOver && troubles[0] && progress.effects() >= troubles[0].atEffects)
      troubles.shift()?.start();
  }, 2);
  return {
    stop: () => clearInterval(timer),
    unfired: () => [
      ...troubles.map(({ atEffects }) => `no trouble at ${atEffects}`),
      ...Object.entries(hits).flatMap(([name, count]) => (count === 0 ? `${name} never failed` : [])),
    ],
  };
}

/** A partition that any cause keeps paused is paused in the client, too. */
function watchPauses(paused: ReadonlySet<string>): {
  hear(signal: Signal): void;
  problems(): readonly string[];
} {
  const causes = new Map<string, Set<string>>();
  const problems = new Set<string>();
  return {
    hear(signal) {
      if (signal.kind === "partition.revoked") causes.delete(`${signal.topic}/${signal.partition}`);
      if (signal.kind !== "partition.paused" && signal.kind !== "partition.resumed") return;
      const at = `${signal.topic}/${signal.partition}`;
      const own = causes.get(at) ?? new Set<string>();
      causes.set(at, own);
      if (signal.kind === "partition.paused") own.add(signal.cause);
      else own.delete(signal.cause);
      if (own.size > 0 && !paused.has(at))
        problems.add(`pauses: fetched although paused for ${[...own].join(", ")}`);
    },
    problems: () => [...problems],
  };
}

function readMemory(memory: MemoryKafka): FinalRead {
  const all = memory.topics().flatMap((topic) => [0, 1].map((partition) => ({ topic, partition })));
  return {
    partitions: all.map(({ topic, partition }) => {
      const records = memory.records(topic, partition).map(toFinalRecord);
      return { topic, partition, low: 0, high: (records.at(-1)?.offset ?? -1) + 1, records };
    }),
    committed: all.flatMap(({ topic, partition }) => {
      const offset = memory.committed(groupOf(topic), topic, partition);
      return offset === undefined ? [] : { group: groupOf(topic), topic, partition, offset: Number(offset) };
    }),
  };
}
