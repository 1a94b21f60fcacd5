// A service of its own that writes down when each handler begins and ends; made to be asked to end.
//   node shutdown-child.ts '{"brokers":[…],"registryUrl":…,"topic":…,"group":…}'
import { connect } from "keryx";
import { OrderPlaced } from "../../generated/orders/v1/order_placed_events.ts";
import { toShutdownEvent } from "./shutdown-event.ts";

export interface ShutdownInit {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly group: string;
  readonly handlerMs: number;
  readonly closeTimeoutMs: number;
  readonly shutdownDelayMs: number;
}

const init: ShutdownInit = JSON.parse(process.argv[2] ?? "{}");
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const app = await connect({
  clientId: "shutdown-child",
  brokers: [...init.brokers],
  registry: init.registryUrl,
  environment: {},
  cwd: "/",
  logging: { level: "silent" },
  handleSignals: true,
  health: { port: 0, host: "127.0.0.1", shutdownDelayMs: init.shutdownDelayMs },
  observe(signal) {
    if (signal.kind === "health.listening") say(`listening ${signal.port}`);
    if (signal.kind === "partition.revoked") say(`revoked ${signal.unfinished}`);
  },
});
process.on("SIGTERM", () => say(`asked ${app.health().summary}`));
say("starting");
await app
  .consumer({ group: init.group, createTopics: true, closeTimeoutMs: init.closeTimeoutMs })
  .on(toShutdownEvent(OrderPlaced, init.topic), async ({ orderId }) => {
    say(`begin ${orderId}`);
    const isStuck = orderId.startsWith("stuck");
    await new Promise((resolve) => setTimeout(resolve, isStuck ? 600_000 : init.handlerMs));
    say(`end ${orderId}`);
  })
  .start();
say("started");
