import { KeryxError } from "./errors.ts";

/** Something that was started and must be stopped. `close` drains and may be called twice. */
export interface Closable {
  close(): Promise<void>;
}

/** Runs `start` once however often it is asked; a failed start may be tried again. */
export function createStartOnce(start: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= start().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}

/** Closes everything even when one of them fails, then reports the first failure. */
export async function closeAll(parts: Iterable<Closable>): Promise<void> {
  const results = await Promise.allSettled([...parts].map((part) => part.close()));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw KeryxError.from(failed.reason);
}

/** Closes one after the other, all of them even when one fails, then reports the first failure. */
export async function closeInTurn(parts: readonly Closable[]): Promise<void> {
  let failure: unknown;
  for (const part of parts)
    try {
      await part.close();
    } catch (error) {
      failure ??= error;
    }
  if (failure !== undefined) throw KeryxError.from(failure);
}
