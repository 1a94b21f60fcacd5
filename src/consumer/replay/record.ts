import { type EventType, isJsonEvent } from "../../core/event.ts";
import { headerInteger, headerNames, jsonContentType, toHeader } from "../../core/headers.ts";
import type { Header, OutgoingRecord, RawRecord } from "../../core/record.ts";
import { toCoordinates } from "../../core/record.ts";
import { readHistory } from "../hand-over/history.ts";
import { hopHeaderNames } from "../hand-over/hop-headers.ts";

/** Where replayed records go, and what they are stamped with. */
export interface ReplayTarget {
  readonly topic: string;
  readonly partitions: number;
  /** The group's own retry topic, whose readers look at hop headers. */
  readonly isRetry: boolean;
}

const kept: ReadonlySet<string> = new Set([
  headerNames.originalTopic,
  headerNames.originalPartition,
  headerNames.originalOffset,
  headerNames.originalTimestamp,
  headerNames.originalTimestampType,
  headerNames.event,
  headerNames.schemaId,
  headerNames.schemaSubject,
  headerNames.nullHeaders,
]);

const replayNames: ReadonlySet<string> = new Set([
  headerNames.replayId,
  headerNames.replayCount,
  headerNames.replayedFrom,
]);

/** What says how a value was written, and no longer holds for another one. */
const ofOldValue: ReadonlySet<string> = new Set([
  headerNames.schemaId,
  headerNames.contentType,
  headerNames.replayEdited,
  "__value_schema_id",
]);

/** How often a dead letter will have been replayed once it is sent. */
export function countReplays({ headers }: RawRecord): number {
  return (headerInteger(headers, headerNames.replayCount) ?? 0) + 1;
}

/** Key, value and user headers as they are; the origin stays, the history of attempts starts anew. */
export function toReplayed(
  record: RawRecord,
  target: ReplayTarget,
  stamp: { readonly replayId: string; readonly group: string; readonly nowMs: number },
  edited?: { readonly event: EventType; readonly value: Uint8Array },
): OutgoingRecord {
  const { partition } = readHistory(record, 1).origin;
  const carried = record.headers
    .filter(([name]) => (!hopHeaderNames.has(name) || kept.has(name)) && !replayNames.has(name))
    .filter(([name]) => edited === undefined || !ofOldValue.has(name))
    .map(([name, value]): Header => [name, value ?? new Uint8Array(0)]);
  const hop: readonly (readonly [string, string | number])[] = [
    [headerNames.version, 1],
    [headerNames.group, stamp.group],
    [headerNames.stage, "retry-1"],
    [headerNames.attemptCount, 0],
    [headerNames.dueAt, stamp.nowMs],
    [headerNames.previous, toCoordinates(record)],
  ];
  const replay: readonly (readonly [string, string | number])[] = [
    [headerNames.replayId, stamp.replayId],
    [headerNames.replayCount, countReplays(record)],
    [headerNames.replayedFrom, toCoordinates(record)],
    ...(edited ? ([[headerNames.replayEdited, 1]] as const) : []),
    ...(edited && isJsonEvent(edited.event) ? ([[headerNames.contentType, jsonContentType]] as const) : []),
  ];
  const stamped = (target.isRetry ? [...hop, ...replay] : replay).map(([name, value]) =>
    toHeader(name, String(value)),
  );
  return {
    topic: target.topic,
    ...(partition < target.partitions ? { partition } : {}),
    key: record.key,
    value: edited ? edited.value : record.value,
    headers: [...carried, ...stamped],
  };
}
