import { appendFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Delivery } from "../../core/handler.ts";
import { linesOf, type MessageRef, monotonicMs, type Place } from "./history.ts";

/** A handler did its work: one line of an effect log. */
export interface Effect extends MessageRef {
  /** Who did it; a worker that starts again has another name. */
  readonly client: string;
  readonly group: string;
  /** Where the record was delivered from. */
  readonly at: Place;
  /** Where it was first consumed. */
  readonly origin: Place;
  readonly stage: string;
  readonly attempt: number;
  readonly epoch?: number | undefined;
  readonly spanId?: string | undefined;
  readonly replayId?: string | undefined;
  /** `monotonicMs()` and the wall clock when it was written down. */
  readonly atMs: number;
  readonly wallMs: number;
  /**
   * Its fsync had returned. Without it the effect may or may not have happened: it explains a repeat, and it is no proof
   * against loss.
   */
  readonly isSure: boolean;
}

/** What a handler knows of its effect; the log adds who and when. */
export type NewEffect = Omit<Effect, "client" | "atMs" | "wallMs" | "isSure">;

/** Where handlers write down what they did, outside Kafka. */
export interface EffectLog {
  /** Resolves when the line is on the disk: await it before the handler returns. */
  append(effect: NewEffect): Promise<void>;
  close(): Promise<void>;
}

const seal = "sealed";

/**
 * Appends lines and resolves each after its fsync; lines that arrive during an fsync share the next one. A seal behind
 * every synced group tells a reader which effects were sure when the process was killed.
 */
export async function createEffectLog(path: string, client: string): Promise<EffectLog> {
  const file = await open(path, "a");
  let waiting: {
    readonly line: string;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let writing: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await file.appendFile(group.map(({ line }) => line).join(""));
        await file.datasync();
        appendFileSync(path, `${seal}\n`);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    writing = undefined;
  };

  return {
    append: (effect) =>
      new Promise((resolve, reject) => {
        const line = JSON.stringify({ ...effect, client, atMs: monotonicMs(), wallMs: Date.now() });
        waiting.push({ line: `${line}\n`, resolve, reject });
        writing ??= drain();
      }),
    async close() {
      await writing;
      await file.close();
    },
  };
}

/** What a delivery says of an effect; the message is what the handler knows it by. */
export function toEffect(
  group: string,
  delivery: Delivery<unknown>,
  message: Partial<MessageRef> = {},
): NewEffect {
  const { topic, partition, offset, origin, stage, attempt, messageId, key } = delivery;
  return {
    group,
    id: messageId,
    key,
    ...message,
    at: { topic, partition, offset: Number(offset) },
    origin: { topic: origin.topic, partition: origin.partition, offset: Number(origin.offset) },
    stage,
    attempt,
  };
}

/** The effects of one process, in the order of its log. A line that a kill cut off never counted. */
export function readEffectLog(path: string): readonly Effect[] {
  const effects: Effect[] = [];
  let unsealed: string[] = [];
  const take = (isSure: boolean): void => {
    for (const line of unsealed) effects.push({ ...(JSON.parse(line) as Effect), isSure });
    unsealed = [];
  };
  for (const line of linesOf(path))
    if (line === seal) take(true);
    else unsealed.push(line);
  take(false);
  return effects;
}
