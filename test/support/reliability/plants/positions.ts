import {
  all,
  commitAt,
  effectOf,
  insertAfter,
  must,
  outcomeAt,
  type Plant,
  pollOf,
  remove,
} from "./tools.ts";

/** Polls, effects and commits that stand where they must not. */
export const positions: readonly Plant[] = [
  {
    name: "poll-skip: the position jumps over an existing offset",
    plant(draft) {
      const [first] = pollOf(draft, "audit");
      remove(draft.history, (entry) => entry === first);
    },
    finds: [["order", "poll-skip"]],
  },
  {
    name: "int-poll-skip: the gap is inside one poll",
    plant(draft) {
      const [, , third] = pollOf(draft, "audit");
      remove(draft.history, (entry) => entry === third);
    },
    finds: [["order", "int-poll-skip"]],
  },
  {
    name: "nonmonotonic-poll: the position goes back without a rebalance",
    plant(draft) {
      const poll = pollOf(draft, "audit");
      const [again, last] = [must(poll[2], "delivery"), must(poll.at(-1), "delivery")];
      insertAfter(draft, last, { ...again, atMs: last.atMs, poll: last.poll + 1 });
    },
    finds: [["order", "nonmonotonic-poll"]],
  },
  {
    name: "int-nonmonotonic-poll: reversed inside one poll",
    plant(draft) {
      const [first, second] = pollOf(draft, "audit");
      if (!first || !second) throw new Error("no poll");
      [first.offset, second.offset] = [second.offset, first.offset];
      [first.id, second.id] = [second.id, first.id];
    },
    finds: [["order", "int-nonmonotonic-poll"]],
  },
  {
    name: "the successor's first effect before its predecessor's",
    plant(draft) {
      const first = effectOf(draft, "audit", "w1");
      const second = must(
        draft.effects.find(({ key, seq }) => key === first.key && seq === (first.seq ?? 0) + 1),
        "successor",
      );
      [first.atMs, second.atMs] = [second.atMs, first.atMs];
    },
    finds: [["order", "successor-first"]],
  },
  {
    name: "a commit above the lowest unfinished offset",
    plant(draft) {
      const commit = must(
        all(draft, "offsets_committed").find(({ topic, client }) => topic === "audit" && client === "w1"),
        "commit",
      );
      const { topic, partition } = commit;
      const effect = draft.effects.findLast(
        ({ at }) => at.topic === topic && at.partition === partition && at.offset < commit.offset,
      );
      commit.atMs = must(effect, "effect").atMs - 0.3;
      draft.history.sort((a, b) => a.atMs - b.atMs);
    },
    finds: [["commits", "above-unfinished"]],
  },
  {
    name: "a commit that moves back inside an epoch",
    plant(draft) {
      const commit = commitAt(draft, "w2", "audit");
      insertAfter(draft, commit, { ...commit, offset: commit.offset - 1 });
    },
    finds: [["commits", "moved-back"]],
  },
  {
    name: "a commit by an epoch that is closed",
    plant(draft) {
      const commit = commitAt(draft, "w1", "audit");
      const revoked = must(
        all(draft, "partitions_revoked").find(({ client }) => client === "w1"),
        "revoke",
      );
      insertAfter(draft, revoked, { ...commit, atMs: revoked.atMs + 0.2 });
    },
    finds: [["commits", "closed-epoch"]],
  },
  {
    name: "a commit that covers a record whose dead letter was never acknowledged",
    plant(draft) {
      const letter = must(all(draft, "dead_lettered")[0], "dead letter");
      letter.result = "info";
      const id = outcomeAt(draft, letter).id;
      const at = must(
        draft.partitions.find(
          ({ topic, records }) => topic === "orders-dlq" && records.some((one) => one.id === id),
        ),
        "letter",
      );
      remove(at.records, (record) => record.id === id);
    },
    finds: [
      ["commits", "above-unfinished"],
      ["nothing-lost", "lost"],
    ],
    besides: ["at-least-once"],
  },
  {
    name: "an assignment that begins below what its group had committed",
    plant(draft) {
      const first = must(
        all(draft, "record_data").find(
          ({ client, topic, partition }) => client === "w2" && topic === "audit" && partition === 0,
        ),
        "delivery",
      );
      const before = pollOf(draft, "audit")[0];
      draft.history.splice(draft.history.indexOf(first), 0, {
        ...first,
        ...must(before, "delivery"),
        client: "w2",
        epoch: 99,
        atMs: first.atMs,
      });
    },
    finds: [["order", "started-below-commit"]],
  },
];
