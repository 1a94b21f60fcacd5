// Takes the frames of installed peers for test/golden/kafka-frames, from Apache Kafka, while they do their operations:
//   node scripts/run.mjs node test/peers/capture.ts [peer …]
import { tapFrames, writeFrames } from "../support/frame-tap.ts";
import { launch } from "./launch.ts";
import { type Operation, operationNames } from "./operations.ts";
import { peers } from "./peers.ts";
import { startReal } from "./servers.ts";

/** Clients whose frames are kept, under the name and version of what speaks the protocol in them. */
const kept = new Map([
  ["confluent-python", "librdkafka-2.16.0"],
  ["kcat", "librdkafka-2.0.2"],
  ["kafka-python", "kafka-python-3.0.12"],
  ["java", "java-4.3.1"],
]);

/** What goes over TLS cannot be read here. */
const operations: readonly Operation[] = operationNames.filter((op) => op !== "tls");

const asked = process.argv.slice(2);
const server = await startReal();
try {
  for (const peer of peers) {
    const file = kept.get(peer.name);
    const program = peer.program();
    if (file === undefined || program === undefined || (asked.length > 0 && !asked.includes(peer.name)))
      continue;
    const tap = await tapFrames([server.env["BROKERS"] ?? "", server.env["SASL_BROKERS"] ?? ""]);
    const [plain = "", sasl = ""] = tap.bootstrap;
    const env = { BROKERS: plain, SASL_BROKERS: sasl };
    const { results } = await launch(program, server, { operations, env });
    const failed = results.filter(({ state }) => state === "failed");
    for (const { op, detail } of failed) console.error(`${peer.name}: ${op}: ${detail}`);
    writeFrames(file, tap.frames);
    await tap.close();
    console.log(`${file}: ${tap.frames.length} exchanges`);
  }
} finally {
  await server.close();
}
process.exit(0);
