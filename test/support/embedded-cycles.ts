// Starts and stops brokers, and says by how much the process has grown. It must end by itself: nothing may keep it alive.
import { createDevBroker } from "../../src/embedded/broker/index.ts";
import { connectWire } from "./embedded-wire.ts";

const cycles = Number(process.argv[2]);

async function cycle(): Promise<void> {
  const broker = await createDevBroker({
    brokers: 2,
    topics: [{ name: "orders", partitions: 3 }],
    log: () => {},
  });
  const client = await connectWire(broker.bootstrap()[0] ?? "");
  broker.seed("orders", [{ value: Buffer.alloc(10_000) }]);
  await client.ask("InitProducerId", 1, { transactionalId: "t", transactionTimeoutMs: 60_000 });
  const topics = [{ name: "orders", partitions: [{ index: 0, fetchOffset: 1 }] }];
  client.send("JoinGroup", 3, {
    groupId: "g",
    sessionTimeoutMs: 30_000,
    protocolType: "consumer",
    protocols: [{ name: "range" }],
  });
  client.send("Fetch", 11, { maxWaitMs: 30_000, minBytes: 1, topics });
  await client.nextFrame();
  await broker.close();
  await client.closed;
}

/** Memory of buffers is given back a while after they were collected. */
async function usedBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

for (let index = 0; index < 20; index++) await cycle();
const before = await usedBytes();
for (let index = 0; index < cycles; index++) await cycle();
process.stdout.write(JSON.stringify({ grownBytes: (await usedBytes()) - before }));
