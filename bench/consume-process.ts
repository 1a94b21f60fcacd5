// Consumes a topic and tells the heap after 100,000 records and after all of them.
//   node --expose-gc consume-process.ts <topic> <records>
import { startKeryx } from "./contenders.ts";
import { toBenchTopic } from "./setup.ts";

/** Bytes of the heap in use, after a collection. */
export interface MemoryRun {
  readonly firstBytes: number;
  readonly lastBytes: number;
}

const [name = "", count = "0"] = process.argv.slice(2);
const collect = (globalThis as { gc?: () => void }).gc;
const heapBytes = (): number => {
  collect?.();
  return process.memoryUsage().heapUsed;
};

const done = Promise.withResolvers<void>();
let seen = 0;
let firstBytes = 0;
const running = await startKeryx(toBenchTopic(name), () => {
  seen++;
  if (seen === 100_000) firstBytes = heapBytes();
  if (seen === Number(count)) done.resolve();
});
await done.promise;
const lastBytes = heapBytes();
await running.stop();
process.send?.({ firstBytes, lastBytes } satisfies MemoryRun);
process.disconnect();
