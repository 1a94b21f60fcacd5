import type { App } from "keryx";
import { collectHistory, type Effect, recordSignals } from "keryx/testing";
import type { Signal } from "../../../src/core/signals.ts";
import { connect } from "../../../src/keryx.ts";
import { monotonicMs } from "../../../src/testing/reliability/history.ts";
import { createTopics, uniqueName } from "../servers.ts";
import { consumeFlow } from "./consume.ts";
import { type RunRecords, readRun } from "./judge.ts";
import { untilDone } from "./progress.ts";
import { type Sending, startSending } from "./send.ts";
import { type FlowTopics, type Task, toFlowTopics } from "./workload.ts";

/** An app that sends and handles the same events at once, while something is done to its servers. */
export interface Flow {
  readonly app: App;
  readonly topics: FlowTopics;
  readonly group: string;
  readonly sending: Sending;
  readonly effects: readonly Effect[];
  readonly signals: readonly Signal[];
  /** Waits until everything that was sent is handled and committed, and gives what the run left behind. @throws when for so long nothing more was */
  finish(patienceMs: number): Promise<RunRecords>;
  close(): Promise<void>;
}

export interface FlowOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly tasks: readonly Task[];
  readonly perSecond: number;
}

const partitions = 3;
const client = "app";

export async function startFlow({ brokers, registryUrl, tasks, perSecond }: FlowOptions): Promise<Flow> {
  const run = uniqueName("flow");
  const topics = toFlowTopics(run);
  const group = `${run}-group`;
  const effects: Effect[] = [];
  const signals: Signal[] = [];
  const history = collectHistory(client);
  await createTopics(brokers, [
    { topic: topics.retried.name, partitions },
    { topic: topics.ordered.name, partitions },
  ]);
  const recorder = recordSignals(history);
  const app = await connect({
    clientId: run,
    brokers: [...brokers],
    registry: registryUrl,
    logging: { level: "silent" },
    observe(signal) {
      signals.push(signal);
      recorder(signal);
    },
  });
  await consumeFlow(app, group, topics, (effect) => {
    effects.push({ ...effect, client, atMs: monotonicMs(), wallMs: Date.now(), isSure: true });
  }).start();
  const sending = startSending(app, topics, { perSecond, history });
  sending.release(tasks);
  return {
    app,
    topics,
    group,
    sending,
    effects,
    signals,
    async finish(patienceMs) {
      const sent = await sending.finish();
      await untilDone(brokers, group, topics, patienceMs);
      const finalRead = await readRun(brokers, group, topics);
      return { tasks: sent, history: history.entries, effects: [...effects], finalRead };
    },
    close: () => app.close(),
  };
}
