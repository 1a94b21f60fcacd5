// Produces and consumes a few records, then ends: whoever starts it looks at what reached stdout and stderr.
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import { join, outgoing, until } from "./transport-tools.ts";

const brokers = (process.argv[2] ?? "").split(",");
const port = createKafkajsPort({ brokers }, () => {});
const topic = `child-${Date.now()}-${process.pid}`;
await port.admin().createTopics([{ topic, partitions: 2 }]);
const producer = port.producer({
  acks: "all",
  idempotent: true,
  compression: "zstd",
  requestTimeoutMs: 5_000,
});
await Promise.all(Array.from({ length: 20 }, (_, i) => producer.send([outgoing(topic, String(i), "value")])));
const member = await join(port, [topic], `${topic}-group`);
await until("all records", () => member.records.length === 20);
await producer.send([outgoing(`${topic}-missing`, "k", "v")]).catch(() => {});
await member.commitAll();
await port.close();
