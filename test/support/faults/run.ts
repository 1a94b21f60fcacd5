import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import type { ConsumerOptions } from "keryx";
import {
  type ChaosProxy,
  type ChaosProxyOptions,
  createChaosProxy,
  type Effect,
  type FinalRead,
  findViolations,
  type HistoryEntry,
  type HistoryLog,
  type NewEffect,
  type RunPolicy,
  recordSignals,
  type TestServers,
} from "keryx/testing";
import type { Signal } from "../../../src/core/signals.ts";
import { toRetryGroup } from "../../../src/core/topic-names.ts";
import { type ConnectOptions, connect, type KeryxApp } from "../../../src/keryx.ts";
import { monotonicMs } from "../../../src/testing/reliability/history.ts";
import { consumeFlow } from "../effects/consume.ts";
import { readRun, toPolicy } from "../effects/judge.ts";
import { buildTasks, type FlowTopics, toFlowTopics } from "../effects/workload.ts";
import { type Sender, startSender } from "./sender.ts";

/** One run under one fault: an app sends and handles events through a proxy of its own, and all of it is written down. */
export interface FaultRun {
  readonly name: string;
  readonly group: string;
  readonly topics: FlowTopics;
  readonly proxy: ChaosProxy;
  /** The app that handles. */
  readonly app: KeryxApp;
  readonly sender: Sender;
  readonly history: readonly HistoryEntry[];
  readonly effects: readonly Effect[];
  readonly signals: readonly Signal[];
  readonly log: HistoryLog;
  /** Does something to the run, and has the history tell from when to when. */
  during<Result>(fault: string, act: () => Promise<Result>): Promise<Result>;
  /** Resolves once so many more effects have been recorded that `counts` says yes to. */
  untilHandled(count: number, counts?: (effect: Effect) => boolean, timeoutMs?: number): Promise<void>;
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
  readonly proxy?: Partial<ChaosProxyOptions>;
  /** Runs before the consumer starts, when events are being sent already; nothing is waited for then. */
  readonly beforeConsuming?: (run: Pick<FaultRun, "sender" | "proxy">) => Promise<void>;
  /** Another app sends, past the proxy: the fault is for who handles. */
  readonly sendsDirectly?: boolean;
  /** What the fault allows; by default nothing may be handled twice. */
  readonly policy?: (policy: RunPolicy) => RunPolicy;
  /** How long the end may take. Default 150 s: on a machine that is short of time nothing here is about time. */
  readonly patienceMs?: number;
  /** A fault that stops partitions on purpose. */
  readonly mayStop?: boolean;
}

const longestRunSeconds = 240;
const longestWaitMs = 150_000;

/** Starts to send and to handle, and waits until both are under way. */
export async function startFaultRun(options: FaultRunOptions): Promise<FaultRun> {
  const opened: { close(): Promise<void> }[] = [];
  try {
    return await open(options, opened);
  } catch (error) {
    // What stays open would keep the test process from ending.
    await Promise.allSettled(opened.map((one) => one.close()));
    throw error;
  }
}

async function open(options: FaultRunOptions, opened: { close(): Promise<void> }[]): Promise<FaultRun> {
  const { name, servers, seed, perSecond = 60, partitions = 6 } = options;
  const run = `${name}-${seed}`;
  const [topics, group] = [toFlowTopics(run), `${run}-group`];
  for (const { name: topic } of [topics.retried, topics.ordered])
    servers.broker.createTopic({ name: topic, partitions });
  const proxy = await createChaosProxy({ brokers: servers.broker.bootstrap(), seed, ...options.proxy });
  opened.push(proxy);
  const [history, effects, signals]: [HistoryEntry[], Effect[], Signal[]] = [[], [], []];
  const log: HistoryLog = {
    append: (record) => void history.push({ client: run, atMs: monotonicMs(), ...record }),
    close: () => {},
  };
  // By a clock that is ahead, what it says counts. One that is behind takes due times of before for forged, and waits no
  // longer than the plan's longest delay: then true time tells whether it was early.
  const wallMs = (): number => Math.max(Date.now(), options.connect?.clock?.now() ?? 0);
  const openApp = async (brokers: readonly string[]): Promise<KeryxApp> => {
    const recorder = recordSignals(log, wallMs);
    const app = await connect({
      ...{ clientId: run, environment: {}, cwd: tmpdir(), logging: { level: "silent" } },
      brokers: [...brokers],
      registry: servers.registryUrl,
      requestTimeoutMs: 3_000,
      producer: { requestTimeoutMs: 1_500, deliveryTimeoutMs: 60_000 },
      ...options.connect,
      observe(signal) {
        signals.push(signal);
        recorder(signal);
        options.connect?.observe?.(signal);
      },
    });
    opened.push(app);
    return app;
  };
  const app = await openApp(proxy.brokers);
  const sending = options.sendsDirectly === true ? await openApp(servers.broker.bootstrap()) : app;
  const record = (effect: NewEffect): void => {
    effects.push({ ...effect, client: run, atMs: monotonicMs(), wallMs: wallMs(), isSure: true });
  };
  const startConsumer = () => consumeFlow(app, group, topics, record, options.consumer).start();
  if (options.beforeConsuming === undefined) await startConsumer();
  const tasks = buildTasks(seed, perSecond * longestRunSeconds, 10);
  const sender = startSender(sending, topics, tasks, perSecond, log);
  const self: FaultRun = {
    ...{ name, group, topics, proxy, app, sender, history, effects, signals, log },
    async during(fault, act) {
      log.append({ name: "fault_start", fault });
      try {
        return await act();
      } finally {
        log.append({ name: "fault_end", fault });
      }
    },
    async untilHandled(count, counts = () => true, timeoutMs = longestWaitMs) {
      const from = effects.length;
      const found = (): number => effects.slice(from).filter(counts).length;
      await until(`${count} more effects of ${name}`, () => found() >= count, timeoutMs);
    },
    async finish() {
      await proxy.heal();
      await sender.finish();
      await untilCommitted(servers, group, options.patienceMs);
      await Promise.all([app.close(), sending.close()]);
      return judge(self, options);
    },
    close: async () => void (await Promise.allSettled([app.close(), sending.close(), proxy.close()])),
  };
  if (options.beforeConsuming === undefined) await self.untilHandled(perSecond / 2);
  else {
    await options.beforeConsuming(self);
    await startConsumer();
  }
  return self;
}

/** Waits for a condition, never for a time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number = longestWaitMs,
): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !(await holds()); await wait(20))
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
}

async function untilCommitted(
  { broker }: FaultRunOptions["servers"],
  group: string,
  patienceMs?: number,
): Promise<void> {
  const left = (): readonly string[] =>
    [...broker.lag(group), ...broker.lag(toRetryGroup(group))]
      .filter(({ committed, start, end }) => end > Math.max(start, committed ?? 0))
      .map(({ topic, partition, committed, end }) => `${topic}/${partition} ${committed} of ${end}`);
  await until("everything to be committed", () => left().length === 0, patienceMs).catch((error: Error) => {
    throw new Error(`${error.message}: ${left().join("; ")}`);
  });
}

/** The verdict of the checker over all that was written down, and no defect in what the runtime said of itself. */
async function judge(run: FaultRun, options: FaultRunOptions): Promise<FinalRead> {
  const { group, topics, history, effects } = run;
  const { seed, servers, policy = (given) => given } = options;
  const repeats = { perKill: 0, perLoss: 0, perRevoke: 0 };
  const finalRead = await readRun(servers.broker.bootstrap(), group, topics);
  // A send that was not acknowledged goes again and may lie in the log twice.
  const promised = policy({ ...toPolicy({ seed, group, topics, repeats }), isIdempotent: false });
  const violations = findViolations(history, effects, finalRead, promised);
  expect(violations, `${run.name}, KERYX_TEST_SEED=${seed}`).to.deep.equal([]);
  expect(run.sender.acknowledged, "acknowledged sends").to.be.greaterThan(0);
  expect(effects.length, "effects").to.be.greaterThan(0);
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
