import type { SendResult } from "../../core/app.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Observe } from "../../core/signals.ts";
import type { HistoryLog, MessageRef } from "./history.ts";

/** Writes an app's signals into a history: give it to `connect({ observe })`, or to an app of `startTestServers`. */
export function recordSignals(log: HistoryLog, wallMs: () => number = Date.now): Observe {
  const epochs = new Map<string, number>();
  return (signal) => {
    switch (signal.kind) {
      case "app.started":
        log.append({ name: "startup_complete" });
        break;
      case "app.closed":
        log.append({ name: "shutdown_complete" });
        break;
      case "partition.assigned": {
        const { group, topic, partition, epoch } = signal;
        epochs.set(`${group} ${topic}/${partition}`, epoch);
        log.append({ name: "partitions_assigned", group, partitions: [{ topic, partition, epoch }] });
        break;
      }
      case "partition.revoked": {
        const { group, topic, partition, epoch, lost } = signal;
        // What is committed under it from now on cannot be told from what was under way.
        epochs.delete(`${group} ${topic}/${partition}`);
        log.append({ name: "partitions_revoked", group, lost, partitions: [{ topic, partition, epoch }] });
        break;
      }
      case "offsets.committed": {
        const { group, topic, partition } = signal;
        const epoch = epochs.get(`${group} ${topic}/${partition}`);
        const offset = Number(signal.offset);
        log.append({ name: "offsets_committed", group, topic, partition, offset, epoch, result: "ok" });
        break;
      }
      case "record.handled": {
        const { record, outcome, reason, durationMs, next } = signal;
        const { group, topic, partition, offset, stage, attempt, messageId: id } = record;
        const pass = { group, topic, partition, offset: Number(offset), stage, attempt, outcome, id, reason };
        const startedWallMs = wallMs() - durationMs;
        log.append({ name: "outcome", ...pass, startedWallMs, ...(next ? { next: next.topic } : {}) });
        break;
      }
    }
  };
}

/** These were refused before anything went to a broker. */
const refused: ReadonlySet<string> = new Set([
  "config_invalid",
  "encode_failed",
  "missing_id",
  "missing_key",
  "record_too_large",
  "schema_invalid",
  "schema_incompatible",
  "schema_not_found",
  "registry_unauthorized",
  "registry_unreachable",
  "topic_missing",
]);

/** Sends, and writes down what became of it. A failure that may have reached the log is `info`. @throws what the send throws */
export async function recordSend(
  log: HistoryLog,
  message: MessageRef & { readonly topic: string },
  send: () => Promise<SendResult>,
): Promise<SendResult> {
  const { id, key, seq, digest, topic } = message;
  try {
    const sent = await send();
    const { partition, offset } = sent;
    const at = { topic: sent.topic, partition, offset: Number(offset) };
    log.append({ name: "producer_send_success", id, key, seq, digest, ...at });
    return sent;
  } catch (error) {
    const isCertain = error instanceof KeryxError && refused.has(error.code);
    const result = isCertain ? "fail" : "info";
    log.append({ name: "producer_send_error", result, id, key, seq, digest, topic });
    throw error;
  }
}

/** Samples what a process holds, before the load and after quiescence. */
export interface Residue extends Disposable {
  sample(phase: "before" | "after"): void;
}

/** Counts unhandled rejections from now on (the process does not end by them), and samples timers, sockets and heap. */
export function recordResidue(log: HistoryLog): Residue {
  let rejections = 0;
  const onRejection = (): void => {
    rejections++;
  };
  process.on("unhandledRejection", onRejection);
  const countListeners = (): number =>
    process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    sample(phase) {
      const resources = process.getActiveResourcesInfo();
      const count = (kind: string): number => resources.filter((one) => one === kind).length;
      const samples = {
        unhandled_rejections: rejections,
        timers: count("Timeout"),
        sockets: count("TCPSocketWrap"),
        listeners: countListeners(),
        heap_bytes: process.memoryUsage().heapUsed,
      };
      for (const [metric, value] of Object.entries(samples))
        log.append({ name: "metric_sample", metric, value, phase });
    },
    [Symbol.dispose]() {
      process.off("unhandledRejection", onRejection);
    },
  };
}
