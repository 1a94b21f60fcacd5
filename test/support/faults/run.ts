import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import type { ConsumerOptions } from "keryx";
import type { TestServers } from "keryx/testing";
import type { Signal } from "../../../src/core/signals.ts";
import { toRetryGroup } from "../../../src/core/topic-names.ts";
import { type ConnectOptions, connect, type KeryxApp } from "../../../src/keryx.ts";
import type { ChaosProxyOptions } from "../../../src/testing/proxy/options.ts";
import { type ChaosProxy, createChaosProxy } from "../../../src/testing/proxy/proxy.ts";
import { findViolations } from "../../../src/testing/reliability/checker.ts";
import type { Effect } from "../../../src/testing/reliability/effect-log.ts";
import { type FinalRead, readFinal } from "../../../src/testing/reliability/final-read.ts";
import {
  type HistoryEntry,
  type HistoryRecord,
  monotonicMs,
} from "../../../src/testing/reliability/history.ts";
import type { RunPolicy } from "../../../src/testing/reliability/policy.ts";
import { createKafkajsPort } from "../../../src/transport/kafkajs.ts";
import { buildTasks, type FlowTopics, retryDelaysMs, toFlowTopics } from "../effects/workload.ts";
import { consume } from "./handlers.ts";
import { type Sender, startSender } from "./sender.ts";
import { toHistoryRecord } from "./signals.ts";

/** One run under one fault: an app sends and handles events through a proxy of its own, and all of it is written down. */
export interface FaultRun {
  readonly name: string;
  readonly group: string;
  readonly topics: FlowTopics;
  readonly proxy: ChaosProxy;
  readonly app: KeryxApp;
  readonly sender: Sender;
  readonly history: readonly HistoryEntry[];
  readonly effects: readonly Effect[];
  readonly signals: readonly Signal[];
  /** Does something to the run, and has the history tell from when to when. */
  during<Result>(fault: string, act: () => Promise<Result>): Promise<Result>;
  /** Resolves once so many more effects have been recorded that `counts` says yes to. */
  untilHandled(count: number, counts?: (effect: Effect) => boolean, timeoutMs?: number): Promise<void>;
  note(record: HistoryRecord): void;
  /** Heals, waits until all is handled and committed, closes, and asks the checker for its verdict. */
  finish(): Promise<FinalRead>;
  close(): Promise<void>;
}

export interface FaultRunOptions {
  readonly name: string;
  readonly servers: Pick<TestServers, "broker" | "registryUrl">;
  readonly seed: number;
  readonly perSecond?: number;
  readonly partitions?: number;
  readonly consumer?: Partial<ConsumerOptions>;
  readonly connect?: ConnectOptions;
  /** What repeats the fault allows. Default: none. */
  readonly repeats?: Partial<RunPolicy["repeats"]>;
  readonly policy?: Partial<RunPolicy>;
  readonly proxy?: Partial<ChaosProxyOptions>;
  /** The sends go past the proxy: the fault is for who handles. */
  readonly sendsDirectly?: boolean;
  /** Signals that would be a defect in any other run. */
  readonly mayStop?: boolean;
}

const longestRunSeconds = 60;

/** Starts to send and to handle, and waits until both are under way. */
export async function startFaultRun(options: FaultRunOptions): Promise<FaultRun> {
  const { name, servers, seed, perSecond = 60, partitions = 6 } = options;
  const run = `${name}-${seed}`;
  const [topics, group] = [toFlowTopics(run), `${run}-group`];
  for (const { name: topic } of [topics.retried, topics.ordered])
    servers.broker.createTopic({ name: topic, partitions });
  const proxy = await createChaosProxy({ brokers: servers.broker.bootstrap(), seed, ...options.proxy });
  const [history, effects, signals]: [HistoryEntry[], Effect[], Signal[]] = [[], [], []];
  const note = (record: HistoryRecord): void => {
    history.push({ client: run, atMs: monotonicMs(), ...record });
  };
  const open = (brokers: readonly string[]): Promise<KeryxApp> =>
    connect({
      ...{ clientId: run, environment: {}, cwd: tmpdir(), logging: { level: "silent" } },
      brokers: [...brokers],
      registry: servers.registryUrl,
      requestTimeoutMs: 3_000,
      producer: { requestTimeoutMs: 1_500, deliveryTimeoutMs: 30_000 },
      ...options.connect,
      observe: (signal) => {
        signals.push(signal);
        const record = toHistoryRecord(signal);
        if (record !== undefined) note(record);
        options.connect?.observe?.(signal);
      },
    });
  const app = await open(proxy.brokers);
  const sending = options.sendsDirectly === true ? await open(servers.broker.bootstrap()) : app;
  const record = (effect: Parameters<Parameters<typeof consume>[3]>[0]): void => {
    effects.push({ ...effect, client: run, atMs: monotonicMs(), wallMs: Date.now(), isSure: true });
  };
  await consume(app, group, topics, record, options.consumer).start();
  const tasks = buildTasks(seed, perSecond * longestRunSeconds, 10);
  const sender = startSender(sending, topics, tasks, perSecond, note);
  const self: FaultRun = {
    ...{ name, group, topics, proxy, app, sender, history, effects, signals, note },
    async during(fault, act) {
      note({ name: "fault_start", fault });
      try {
        return await act();
      } finally {
        note({ name: "fault_end", fault });
      }
    },
    async untilHandled(count, counts = () => true, timeoutMs = 30_000) {
      const from = effects.length;
      const found = (): number => effects.slice(from).filter(counts).length;
      await until(`${count} more effects of ${name}`, () => found() >= count, timeoutMs);
    },
    async finish() {
      await proxy.heal();
      await sender.finish();
      await untilCommitted(servers, group);
      await Promise.all([app.close(), sending.close()]);
      return judge(self, options);
    },
    async close() {
      await Promise.allSettled([app.close(), sending.close(), proxy.close()]);
    },
  };
  await self.untilHandled(perSecond / 2);
  return self;
}

/** Waits for a condition, never for a time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !(await holds()); await wait(20))
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
}

async function untilCommitted({ broker }: FaultRunOptions["servers"], group: string): Promise<void> {
  const left = (): readonly string[] =>
    [...broker.lag(group), ...broker.lag(toRetryGroup(group))]
      .filter(({ committed, start, end }) => end > Math.max(start, committed ?? 0))
      .map(({ topic, partition, committed, end }) => `${topic}/${partition} ${committed} of ${end}`);
  await until("everything to be committed", () => left().length === 0).catch((error: Error) => {
    throw new Error(`${error.message}: ${left().join("; ")}`);
  });
}

export function toPolicy(
  { topics, group }: Pick<FaultRun, "topics" | "group">,
  { seed, repeats, policy }: Pick<FaultRunOptions, "seed" | "repeats" | "policy">,
): RunPolicy {
  const { retried, ordered, order } = topics;
  const stages = retryDelaysMs.map((delayMs, index) => ({
    topic: `${retried.name}-retry-${index + 1}`,
    delayMs,
  }));
  const { deadLetter } = order.policy;
  return {
    seed,
    flows: [
      { group, topic: retried.name, order: "key", tries: 1, stages, deadLetter },
      { group, topic: ordered.name, order: "key", tries: 8, stages: [] },
    ],
    dedupe: { windowMs: 3_600_000, scope: "client" },
    isIdempotent: false,
    repeats: { perKill: 0, perLoss: 0, perRevoke: 0, ...repeats },
    ...policy,
  };
}

/** The verdict of the checker over all that was written down, and no defect in what the runtime said of itself. */
async function judge(run: FaultRun, options: FaultRunOptions): Promise<FinalRead> {
  const policy = toPolicy(run, options);
  const names = policy.flows.flatMap(({ topic, stages, deadLetter }) => [
    ...[topic, ...stages.map((stage) => stage.topic)],
    ...(deadLetter === undefined ? [] : [deadLetter]),
  ]);
  const port = createKafkajsPort({ brokers: options.servers.broker.bootstrap() }, () => {});
  const finalRead = await readFinal(port, names, [run.group, toRetryGroup(run.group)]).finally(() =>
    port.close(),
  );
  expect(
    findViolations(run.history, run.effects, finalRead, policy),
    `${run.name}, seed ${options.seed}`,
  ).to.deep.equal([]);
  expect(run.sender.acknowledged, "acknowledged sends").to.be.greaterThan(0);
  expect(run.effects.length, "effects").to.be.greaterThan(0);
  expect(run.proxy.unused(), "toxics and rules that never acted").to.deep.equal([]);
  const defects = run.signals.filter(
    (signal) =>
      (signal.kind === "internal.error" && signal.isPassing !== true) ||
      (signal.kind === "consumer.crashed" && !signal.willRestart) ||
      (signal.kind === "partition.stopped" && options.mayStop !== true),
  );
  expect(defects, "what the runtime calls defects").to.deep.equal([]);
  return finalRead;
}
