// What does the engine cost per record, and what does it gain when handlers wait?
import { fill, type Handle, type Running, startKafkajs, startKeryx } from "./contenders.ts";
import { type BenchTopic, createBenchTopic, duel, type Measured } from "./setup.ts";

type Start = (topic: BenchTopic, handle: Handle) => Promise<Running>;

/** Records per second between the first record and the last of `total`. */
async function consume(start: Start, topic: BenchTopic, total: number, handle: Handle): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let seen = 0;
  let began = 0;
  const running = await start(topic, async (event) => {
    await handle(event);
    if (seen++ === 0) began = performance.now();
    if (seen === total) resolve(total / ((performance.now() - began) / 1000));
  });
  const rate = await promise;
  await running.stop();
  return rate;
}

/** Throughput beside what a team writes by hand. */
export async function benchConsume(): Promise<readonly Measured[]> {
  const noop = 180_000;
  const waiting = 24_000;
  const quick = await createBenchTopic("consume", 12);
  await fill(quick, noop);
  const slow = await createBenchTopic("consume-slow", 12);
  await fill(slow, waiting, 1_000);
  const nothing = async (): Promise<void> => {};
  const fiveMs = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  await consume(startKafkajs, quick, noop, nothing);
  await consume(startKeryx, quick, noop, nothing);
  return [
    await duel(
      "consume, handler that does nothing",
      5,
      {
        byHand: () => consume(startKafkajs, quick, noop, nothing),
        keryx: () => consume(startKeryx, quick, noop, nothing),
      },
      0.8,
    ),
    await duel(
      "consume, handler that waits 5 ms, 1,000 keys, 12 partitions, concurrency 64",
      3,
      {
        byHand: () => consume(startKafkajs, slow, waiting / 4, fiveMs),
        keryx: () => consume(startKeryx, slow, waiting, fiveMs),
      },
      4.5,
    ),
  ];
}
