import type { Clock } from "../core/clock.ts";
import { type ErrorCode, KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import type { KafkaPort, PortProducer } from "./port.ts";

export interface ConnectionsDeps {
  readonly clock: Clock;
  readonly observe: Observe;
}

/** Failures after which it is worth asking whether any broker answers. */
const suspicious: ReadonlySet<ErrorCode> = new Set([
  "broker_unreachable",
  "send_timeout",
  "auth_failed",
  "tls_failed",
]);
const askBaseMs = 1_000;
const askMaxMs = 5_000;

/**
 * Says when producers find no broker any more, and when brokers answer again. After a loss they are asked until they do:
 * an app that is not ready gets no traffic, and so would never try by itself.
 */
export function watchConnections(port: KafkaPort, { clock, observe }: ConnectionsDeps): KafkaPort {
  let state: "fine" | "suspected" | "lost" = "fine";
  let isClosed = false;
  let asked = 0;
  let cancel = (): void => {};

  const restored = (): void => {
    cancel();
    if (state === "lost") observe({ kind: "connection.restored", component: "producer" });
    state = "fine";
  };
  const ask = async (): Promise<void> => {
    try {
      await port.ping();
      restored();
    } catch (error) {
      if (isClosed || state === "fine") return;
      if (state === "suspected") observe({ kind: "connection.failed", component: "producer", error });
      state = "lost";
      cancel = clock.schedule(Math.min(askMaxMs, askBaseMs * 2 ** asked++), () => void ask());
    }
  };
  const failed = (error: unknown): void => {
    if (!(error instanceof KeryxError) || !suspicious.has(error.code)) return;
    // One broker of several may be away: the others take over, and nothing is lost.
    if (state !== "fine" || isClosed) return;
    state = "suspected";
    asked = 0;
    void ask();
  };
  const watched = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      const result = await work;
      if (state !== "fine") restored();
      return result;
    } catch (error) {
      failed(error);
      throw error;
    }
  };

  return {
    ...port,
    producer(options) {
      const producer = port.producer(options);
      const overheard: PortProducer = {
        ...producer,
        connect: () => watched(producer.connect()),
        send: (batch) => watched(producer.send(batch)),
      };
      return overheard;
    },
    close() {
      isClosed = true;
      cancel();
      return port.close();
    },
  };
}
