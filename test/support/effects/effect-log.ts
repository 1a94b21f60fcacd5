import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Effect } from "./history.ts";

export type NewEffect = Omit<Effect, "life" | "isSure">;

/** Where handlers write down what they did, outside Kafka. */
export interface EffectLog {
  /** Resolves when the line is on the disk. */
  append(effect: NewEffect): Promise<void>;
  close(): Promise<void>;
}

const seal = "sealed\n";

/**
 * Appends lines and resolves each after its fsync; lines that arrive during an fsync share the next one. A seal behind
 * every synced group tells a reader which effects were sure when the process was killed.
 */
export async function createEffectLog(path: string): Promise<EffectLog> {
  const file = await open(path, "a");
  let waiting: { readonly line: string; readonly resolve: () => void }[] = [];
  let writing: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await file.appendFile(group.map(({ line }) => line).join(""));
      await file.datasync();
      appendFileSync(path, seal);
      for (const { resolve } of group) resolve();
    }
    writing = undefined;
  };

  return {
    append: ({ id, key, seq, topic, partition, offset, stage, attempt }) =>
      new Promise((resolve) => {
        const line = JSON.stringify([id, key, seq, topic, partition, String(offset), stage, attempt]);
        waiting.push({ line: `${line}\n`, resolve });
        writing ??= drain();
      }),
    async close() {
      await writing;
      await file.close();
    },
  };
}

/** The effects of one process, in the order of its log. A line that a kill cut off never counted. */
export function readEffectLog(path: string, life: number): readonly Effect[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const sureTo = text.lastIndexOf(seal);
  const effects: Effect[] = [];
  for (let start = 0; ; ) {
    const end = text.indexOf("\n", start);
    if (end < 0) return effects;
    const line = text.slice(start, end);
    if (`${line}\n` !== seal) {
      const [id, key, seq, topic, partition, offset, stage, attempt] = JSON.parse(line);
      const at = { topic, partition, offset: BigInt(offset) };
      effects.push({ id, key, seq, ...at, stage, attempt, life, isSure: start < sureTo });
    }
    start = end + 1;
  }
}
