import { headerNames, headerText } from "../../core/headers.ts";
import type { RawRecord } from "../../core/record.ts";
import type { ReplayResult } from "../../core/replay.ts";

/** Counts of one run. */
export interface Tally {
  plan(record: RawRecord, nowMs: number): void;
  sent(): void;
  skip(): void;
  reject(): void;
  edit(): void;
  counts(): Pick<
    ReplayResult,
    "planned" | "sent" | "skipped" | "rejected" | "edited" | "byClass" | "byEvent" | "byAge"
  >;
}

const hourMs = 3_600_000;
const maxNames = 100;
const maxNameLength = 256;
const none = "(none)";
const others = "(others)";

export function createTally(): Tally {
  const count = { planned: 0, sent: 0, skipped: 0, rejected: 0, edited: 0 };
  const byClass = new Map<string, number>();
  const byEvent = new Map<string, number>();
  const byAge = { underHour: 0, underDay: 0, underWeek: 0, older: 0 };
  return {
    plan({ headers, timestampMs }, nowMs) {
      count.planned++;
      add(byClass, headerText(headers, headerNames.failureClass));
      add(byEvent, headerText(headers, headerNames.event));
      byAge[ageOf(nowMs - timestampMs)]++;
    },
    sent: () => void count.sent++,
    skip: () => void count.skipped++,
    reject: () => void count.rejected++,
    edit: () => void count.edited++,
    counts: () => ({ ...count, byClass, byEvent, byAge: { ...byAge } }),
  };
}

function ageOf(ageMs: number): keyof ReplayResult["byAge"] {
  if (ageMs < hourMs) return "underHour";
  if (ageMs < 24 * hourMs) return "underDay";
  return ageMs < 7 * 24 * hourMs ? "underWeek" : "older";
}

// Names are what headers say, so there may be as many as there are records.
function add(counts: Map<string, number>, found: string | undefined): void {
  const name = (found || none).slice(0, maxNameLength);
  const known = counts.has(name) || counts.size < maxNames ? name : others;
  counts.set(known, (counts.get(known) ?? 0) + 1);
}
