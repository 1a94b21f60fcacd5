import { headerNames, headerText } from "../../core/headers.ts";
import type { RawRecord } from "../../core/record.ts";
import type { ReplayOptions } from "../../core/replay.ts";

/** Tells the dead letters that a run takes. */
export type Select = (record: RawRecord) => boolean;

type Criteria = Pick<ReplayOptions, "topic" | "group" | "fromMs" | "toMs" | "key" | "failureClass" | "event">;

export function createSelect(criteria: Criteria): Select {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = criteria;
  const key = criteria.key === undefined ? undefined : Buffer.from(criteria.key);
  const classes = toNames(criteria.failureClass);
  const events = toNames(criteria.event);
  return (record) =>
    isOwn(record, criteria) &&
    record.timestampMs >= fromMs &&
    record.timestampMs < toMs &&
    (key === undefined || (record.key !== null && key.equals(record.key))) &&
    isNamed(record, headerNames.failureClass, classes) &&
    isNamed(record, headerNames.event, events);
}

// Only what this group's consumer dead-lettered from this topic: anything else never was its to handle.
function isOwn({ headers }: RawRecord, { topic, group }: Criteria): boolean {
  return (
    headerText(headers, headerNames.side) !== "producer" &&
    headerText(headers, headerNames.group) === group &&
    headerText(headers, headerNames.originalTopic) === topic
  );
}

function toNames(given: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (given === undefined) return undefined;
  return new Set(typeof given === "string" ? [given] : given);
}

function isNamed({ headers }: RawRecord, header: string, names: ReadonlySet<string> | undefined): boolean {
  return names === undefined || names.has(headerText(headers, header) ?? "");
}
