import { setTimeout as wait } from "node:timers/promises";
import kafkajs, { type Admin } from "kafkajs";
import type { Child } from "./child.ts";

const pollMs = 50;

/** Asks until the answer is yes. Ends at once when a server that is waited for has ended. */
export async function waitUntil(
  what: string,
  ask: () => boolean | Promise<boolean>,
  options: { readonly timeoutMs?: number; readonly children?: readonly Child[] } = {},
): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  let last: unknown;
  for (;;) {
    try {
      if (await ask()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    const ended = options.children?.find((child) => child.ended() !== undefined);
    if (ended) throw startError(`${what}: the server ended (${ended.ended()})`, ended);
    if (Date.now() > deadline) {
      const child = options.children?.[0];
      const message = `${what}: not after ${options.timeoutMs ?? 60_000} ms${last ? ` (${last})` : ""}`;
      throw child ? startError(message, child) : new Error(message, { cause: last });
    }
    await wait(pollMs);
  }
}

function startError(message: string, child: Child): Error {
  return new Error(`${message}\n--- end of ${child.logFile}\n${child.tail()}`);
}

/** Runs `ask` with an admin client of its own. It tries everything once, since most callers ask again anyway. */
export async function withAdmin<T>(
  brokers: readonly string[],
  ask: (admin: Admin) => Promise<T>,
  retries = 0,
): Promise<T> {
  const kafka = new kafkajs.Kafka({
    clientId: "test-support",
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { retries },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** Resolves when the broker at `address` names all of `ids` as alive. */
export async function waitForBrokers(
  address: string,
  ids: readonly number[],
  children: readonly Child[],
): Promise<void> {
  await waitUntil(
    `Kafka at ${address}`,
    () =>
      withAdmin([address], async (admin) => {
        const { brokers } = await admin.describeCluster();
        return ids.every((id) => brokers.some((broker) => broker.nodeId === id));
      }),
    { timeoutMs: 90_000, children },
  );
}
