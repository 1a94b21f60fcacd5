import { headerNames } from "../../../../src/core/headers.ts";
import { attempts } from "../good-run.ts";
import {
  all,
  dropHeader,
  dropOne,
  effectOf,
  letterOf,
  must,
  type Plant,
  partitionOf,
  setHeader,
} from "./tools.ts";

/** Attempts, dead letters, metrics, traces and what is left behind. */
export const witnesses: readonly Plant[] = [
  {
    name: "one attempt too many before the dead letter",
    plant(draft) {
      const letter = letterOf(draft);
      setHeader(letter, headerNames.attemptCount, String(attempts + 1));
      const last = all(draft, "outcome").findLast(({ id }) => id === letter.id);
      must(last, "outcome").attempt = attempts + 1;
    },
    finds: [["attempts", "too-many"]],
  },
  {
    name: "one attempt too few",
    plant: (draft) => setHeader(letterOf(draft), headerNames.attemptCount, String(attempts - 1)),
    finds: [["attempts", "too-few"]],
  },
  {
    name: "tried again before it was due",
    plant(draft) {
      const retry = must(
        all(draft, "outcome").find(({ topic }) => topic === "orders-retry-1"),
        "retry",
      );
      const { records } = partitionOf(draft, retry.topic, retry.partition);
      const due = records
        .find(({ offset }) => offset === retry.offset)
        ?.headers.find(([name]) => name === headerNames.dueAt);
      // A twentieth of its 300 ms is left to clocks.
      retry.startedWallMs = Number(due?.[1]) - 16;
    },
    finds: [["attempts", "early"]],
  },
  {
    name: "one byte of a dead letter's value differs",
    plant(draft) {
      letterOf(draft).digest = "other";
    },
    finds: [["dead-letters", "value"]],
  },
  {
    name: "a null key became empty",
    plant(draft) {
      letterOf(draft, ({ key }) => key === null).key = "";
    },
    finds: [["dead-letters", "key"]],
  },
  {
    name: "a repeated user header collapsed",
    plant: (draft) => dropOne(letterOf(draft), "tag"),
    finds: [["dead-letters", "headers"]],
  },
  {
    name: "a dead letter without its origin",
    plant: (draft) => dropHeader(letterOf(draft), headerNames.originalOffset),
    finds: [["dead-letters", "origin"]],
  },
  {
    name: "a dead letter with the origin of another record",
    plant(draft) {
      const letter = letterOf(draft);
      const first = partitionOf(draft, "orders", 0).records[0];
      setHeader(letter, headerNames.originalPartition, "0");
      setHeader(letter, headerNames.originalOffset, String(first?.offset));
    },
    finds: [["dead-letters", "origin"]],
  },
  {
    name: "a dead letter without its count of attempts",
    plant: (draft) => dropHeader(letterOf(draft), headerNames.attemptCount),
    finds: [["dead-letters", "attempt"]],
  },
  {
    name: "a counter that is off by one after quiescence",
    isLate: true,
    plant(draft) {
      must(
        all(draft, "metric_sample").find(({ metric }) => metric === "outcomes"),
        "counter",
      ).value++;
    },
    finds: [["metrics", "counter"]],
  },
  {
    name: "a lag gauge that is wrong after quiescence",
    isLate: true,
    plant(draft) {
      must(
        all(draft, "metric_sample").find(({ metric }) => metric === "lag"),
        "gauge",
      ).value++;
    },
    finds: [["metrics", "lag"]],
  },
  {
    name: "an effect whose span has no link to its producer",
    plant(draft) {
      const { spanId } = effectOf(draft, "audit", "w1");
      const span = must(
        all(draft, "span").find((one) => one.spanId === spanId),
        "span",
      );
      span.links = [];
    },
    finds: [["traces", "unlinked"]],
  },
  {
    name: "an unhandled rejection",
    isLate: true,
    plant(draft) {
      must(
        all(draft, "metric_sample").find(({ metric }) => metric === "unhandled_rejections"),
        "sample",
      ).value = 1;
    },
    finds: [["no-residue", "unhandled-rejection"]],
  },
  {
    name: "a timer left after quiescence",
    isLate: true,
    plant(draft) {
      must(
        all(draft, "metric_sample").findLast(({ metric }) => metric === "timers"),
        "sample",
      ).value++;
    },
    finds: [["no-residue", "timers"]],
  },
  {
    name: "a retry that is due before its delay has passed",
    plant(draft) {
      const record = must(partitionOf(draft, "orders-retry-1", 0).records[0], "retry");
      const failedMs = record.headers.find(([name]) => name === headerNames.lastAttempt)?.[1];
      setHeader(record, headerNames.dueAt, String(Number(failedMs) + 280));
    },
    finds: [["attempts", "due-too-early"]],
  },
  {
    name: "a dead letter without a class",
    plant: (draft) => dropHeader(letterOf(draft), headerNames.failureClass),
    finds: [["dead-letters", "class"]],
  },
  {
    name: "a dead letter without a reason",
    plant: (draft) => dropHeader(letterOf(draft), headerNames.failureReason),
    finds: [["dead-letters", "reason"]],
  },
  {
    name: "a heap that stays larger than it may",
    isLate: true,
    plant(draft) {
      const heap = { client: "w2", name: "metric_sample", metric: "heap_bytes" } as const;
      draft.history.push(
        { ...heap, atMs: 0, value: 50e6, phase: "before" },
        { ...heap, atMs: 1e6, value: 75e6, phase: "after" },
      );
    },
    finds: [["no-residue", "heap"]],
  },
];
