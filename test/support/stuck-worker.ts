// A service that never finishes the first record; made to be killed.
//   node stuck-worker.ts '{"group":…,"brokers":[…],"registryUrl":…}'
import { connect } from "keryx";
import { ApiRequest } from "../../generated/index.ts";

export interface StuckWorkerInit {
  readonly group: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

const { group, brokers, registryUrl }: StuckWorkerInit = JSON.parse(process.argv[2] ?? "{}");
const app = await connect({
  brokers: [...brokers],
  registry: registryUrl,
  logging: { level: "silent" },
  createTopics: true,
});
const consumer = app
  .consumer({ group })
  .on(ApiRequest, ({ clientId }) => (clientId === "stuck" ? new Promise<void>(() => {}) : undefined));
await consumer.start();
