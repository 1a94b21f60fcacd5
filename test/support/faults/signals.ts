import type { Signal } from "../../../src/core/signals.ts";
import type { HistoryRecord } from "../../../src/testing/reliability/history.ts";

/** What a signal of the runtime is in a history; undefined for those that histories do not tell. */
export function toHistoryRecord(signal: Signal): HistoryRecord | undefined {
  switch (signal.kind) {
    case "partition.assigned": {
      const { group, topic, partition, epoch } = signal;
      return { name: "partitions_assigned", group, partitions: [{ topic, partition, epoch }] };
    }
    case "partition.revoked": {
      const { group, topic, partition, epoch, lost } = signal;
      return { name: "partitions_revoked", group, lost, partitions: [{ topic, partition, epoch }] };
    }
    case "offsets.committed": {
      const { group, topic, partition, offset } = signal;
      return { name: "offsets_committed", group, topic, partition, offset: Number(offset), result: "ok" };
    }
    case "record.handled": {
      const { record, outcome, reason, durationMs, next } = signal;
      const { group, topic, partition, offset, stage, attempt, messageId: id } = record;
      const at = { group, topic, partition, offset: Number(offset), stage, attempt, id };
      const startedWallMs = Date.now() - durationMs;
      return { name: "outcome", ...at, outcome, reason, startedWallMs, next: next?.topic };
    }
    default:
      return undefined;
  }
}
