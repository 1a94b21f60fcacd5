// One embedded broker in a process of its own, so that its CPU time and memory can be told from the client's.
import { createDevBroker } from "keryx/testing";

const configs = { "retention.bytes": process.argv[2] ?? "-1" };
const broker = await createDevBroker({ log: () => {}, topics: [{ name: "bench", partitions: 4, configs }] });
process.on("message", (asked) => {
  if (asked === "retain") broker.applyRetention();
  const { user, system } = process.cpuUsage();
  const kept = broker.snapshot().topics[0]?.partitions.flatMap(({ log }) => log.batches) ?? [];
  process.send?.({
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage().rss,
    keptBytes: kept.reduce((sum, { length }) => sum + length, 0),
  });
});
process.on("disconnect", () => void broker.close());
process.send?.({ bootstrap: broker.bootstrap() });
