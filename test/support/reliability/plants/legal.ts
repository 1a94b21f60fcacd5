import {
  all,
  commitAt,
  effectOf,
  isAt,
  kill,
  must,
  type Named,
  outcomeAt,
  type Plant,
  partitionOf,
  remove,
  repeatLast,
} from "./tools.ts";

/** What is ugly and legal. */
export const legal: readonly Omit<Plant, "finds">[] = [
  {
    name: "a send that may have failed, and landed",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w1", 1);
      const index = draft.history.findIndex(
        (entry) => entry.name === "producer_send_success" && isAt(entry, at),
      );
      const { id, key, seq, digest, topic, client, atMs } = draft.history[
        index
      ] as Named<"producer_send_success">;
      const error = { name: "producer_send_error", result: "info", id, key, seq, digest, topic } as const;
      draft.history[index] = { client, atMs, ...error };
    },
  },
  {
    name: "a send that may have failed, and did",
    plant(draft) {
      const gone = { id: "gone", key: "audit-k1", seq: 1_000, topic: "audit" };
      draft.history.unshift({ client: "p1", atMs: 0, name: "producer_send_error", result: "info", ...gone });
    },
  },
  {
    name: "repeats after a kill, within their bound",
    plant(draft) {
      kill(draft, "w1");
      repeatLast(draft, 2);
    },
  },
  {
    name: "a way back to the committed offset at a rebalance",
    plant(draft) {
      const commit = commitAt(draft, "w1", "audit");
      const first = must(
        all(draft, "record_data").find(
          ({ client, topic, partition }) => client === "w2" && topic === "audit" && partition === 0,
        ),
        "delivery",
      );
      const last = must(
        all(draft, "record_data").findLast(
          (one) => one.client === "w1" && one.topic === "audit" && one.partition === 0,
        ),
        "delivery",
      );
      // Delivered to the first owner as well, and never started there.
      const { epoch } = last;
      draft.history.splice(draft.history.indexOf(commit) + 1, 0, {
        ...first,
        client: "w1",
        epoch,
        poll: 99,
        atMs: commit.atMs + 0.1,
      });
    },
  },
  {
    name: "gaps that compaction and control records leave",
    plant(draft) {
      for (const at of draft.partitions) at.high += 3;
    },
  },
  {
    name: "a second copy of a dead letter around a crash",
    plant(draft) {
      const at = partitionOf(draft, "orders-dlq", 1);
      const first = must(at.records[0], "dead letter");
      at.records.push({ ...first, offset: at.high++ });
    },
  },
  {
    name: "a successor that overtakes a record on its retry topic",
    plant(draft) {
      const late = must(
        draft.effects.find(({ stage }) => stage === "retry-1"),
        "retry",
      );
      const overtaken = draft.effects.some(
        ({ key, seq, stage, atMs }) =>
          key === late.key && (seq ?? 0) > (late.seq ?? 0) && stage === "main" && atMs < late.atMs,
      );
      // Keys of the good run fail always or never: this one now succeeded once.
      const next = draft.effects.find(({ key, seq }) => key === late.key && (seq ?? 0) > (late.seq ?? 0));
      if (!overtaken && next) [next.atMs, late.atMs] = [late.atMs, next.atMs];
    },
  },
  {
    name: "an aborted transaction that nobody sees",
    plant(draft) {
      const at = partitionOf(draft, "ledger", 0);
      const place = { topic: "ledger", partition: 0, offset: at.high++ };
      const sent = { id: "aborted", key: "ledger-k9", seq: 1_000, ...place, transaction: "t9" };
      draft.history.unshift(
        { client: "p1", atMs: 0, name: "producer_send_success", ...sent },
        { client: "p1", atMs: 0, name: "transaction_ended", transaction: "t9", result: "aborted" },
      );
    },
  },
  {
    name: "a tombstone that is handled as one",
    plant(draft) {
      const isThere = draft.effects.some(({ digest }) => digest === null);
      if (!isThere) throw new Error("the good run has no tombstone");
    },
  },
  {
    name: "a late retry",
    plant(draft) {
      const retry = must(
        all(draft, "outcome").find(({ topic }) => topic === "orders-retry-1"),
        "retry",
      );
      retry.startedWallMs += 60_000;
    },
  },
  {
    name: "an explicit discard",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w1", 1);
      remove(draft.effects, (effect) => isAt(effect.at, at));
      outcomeAt(draft, at).outcome = "discarded";
    },
  },
  {
    name: "a second effect with a replay id",
    plant(draft) {
      const effect = effectOf(draft, "audit", "w2", 1);
      draft.effects.push({ ...effect, atMs: effect.atMs + 0.1, replayId: "r1" });
    },
  },
];
