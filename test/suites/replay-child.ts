// Replays dead letters, one line of output for each that the brokers have, until somebody kills it.
import { connect, type ReplayOptions } from "../../src/index.ts";

const { brokers, ...options } = JSON.parse(process.argv[2] ?? "") as ReplayOptions & {
  readonly brokers: string[];
};
const app = await connect({
  brokers,
  environment: {},
  observe(signal) {
    if (signal.kind === "replay.record" && signal.outcome === "sent")
      process.stdout.write(`sent ${signal.from}\n`);
  },
});
await app.replay({ ...options, dryRun: false });
await app.close();
