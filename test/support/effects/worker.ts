// A service of its own that handles a run's events and writes each effect down; made to be killed.
//   node worker.ts '{"run":…,"group":…,"brokers":[…],"registryUrl":…,"log":…}'
import { connect } from "keryx";
import { consumeFlow } from "./consume.ts";
import { createEffectLog } from "./effect-log.ts";
import { toFlowTopics } from "./workload.ts";

export interface WorkerInit {
  readonly run: string;
  readonly group: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** File of the effect log. */
  readonly log: string;
}

const init: WorkerInit = JSON.parse(process.argv[2] ?? "{}");
const log = await createEffectLog(init.log);
const app = await connect({
  clientId: "worker",
  brokers: [...init.brokers],
  registry: init.registryUrl,
  logging: { level: "warn" },
  handleSignals: true,
});
await consumeFlow(app, init.group, toFlowTopics(init.run), log.append).start();
