// A service of its own that handles a run's events and writes down what it does; made to be killed.
//   node worker.ts '{"client":…,"run":…,"group":…,"brokers":[…],"registryUrl":…,"folder":…}'
import { flushCompileCache } from "node:module";
import { type ConsumerOptions, connect, KeryxError } from "keryx";
import { createEffectLog, createHistoryLog, recordSignals } from "keryx/testing";
import type { Signal } from "../../../src/core/signals.ts";
import { consumeFlow, nothingAnswers } from "./consume.ts";
import { toFlowTopics } from "./workload.ts";

export type DeathPoint = "before-handler" | "after-handler";

export interface WorkerInit {
  /** Names the life of this process in its logs. */
  readonly client: string;
  readonly run: string;
  readonly group: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** Of the logs: `<client>.effects` and `<client>.history`. */
  readonly folder: string;
  readonly options?: Partial<ConsumerOptions>;
  /** Ends without warning at the nth effect: just before it, or once it is on the disk. */
  readonly die?: { readonly at: DeathPoint; readonly nth: number };
  /** Stands still for so long at the nth effect, then says whether it calls itself live. */
  readonly block?: { readonly nth: number; readonly ms: number };
}

const init: WorkerInit = JSON.parse(process.argv[2] ?? "{}");
const { client, folder, die, block } = init;
const log = await createEffectLog(`${folder}/${client}.effects`, client);
const history = createHistoryLog(`${folder}/${client}.history`, client);
process.on("exit", () => history.close());
const record = recordSignals(history);
/** Ends where the runtime says that only a restart helps, as who watches over a service makes it end. */
const observe = (signal: Signal): void => {
  record(signal);
  if (signal.kind === "consumer.crashed" && !signal.willRestart)
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
};
const app = await connect({
  clientId: client,
  brokers: [...init.brokers],
  registry: init.registryUrl,
  logging: { level: "warn" },
  handleSignals: true,
  observe,
});
const sample = (): void => {
  const { rss, heapUsed } = process.memoryUsage();
  history.append({ name: "tool_data", data: { rss, heapUsed } });
};
setInterval(sample, 10_000).unref();
let handled = 0;
let hasStoodStill = false;
const dieAt = (at: DeathPoint): void => {
  if (die?.at === at && handled >= die.nth) process.kill(process.pid, "SIGKILL");
};
const perform: typeof log.append = async (effect) => {
  handled++;
  dieAt("before-handler");
  await log.append(effect);
  dieAt("after-handler");
  if (!block || hasStoodStill || handled < block.nth) return;
  hasStoodStill = true;
  standStill(block.ms);
};
/** As long synchronous work would, but without taking a core from the others. */
const standStill = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  history.append({ name: "fault_end", fault: "blocked", target: client });
  const say = (): void => history.append({ name: "tool_data", data: { live: app.health().live } });
  // Its watch ticks every half second.
  setTimeout(say, 1_000).unref();
};
// Whoever is killed writes nothing down for the next at its end.
flushCompileCache();
try {
  await consumeFlow(app, init.group, toFlowTopics(init.run), perform, init.options).start();
} catch (error) {
  if (!(error instanceof KeryxError) || !error.retriable) throw error;
  console.error(error);
  process.exit(nothingAnswers);
}
