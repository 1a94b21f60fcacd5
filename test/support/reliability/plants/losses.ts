import {
  all,
  commitAt,
  effectOf,
  insertAfter,
  isAt,
  kill,
  must,
  type Named,
  outcomeAt,
  type Plant,
  partitionOf,
  pollOf,
  remove,
  repeatLast,
  unhandle,
} from "./tools.ts";

/** What was lost, invented, repeated or seen too early. */
export const losses: readonly Plant[] = [
  {
    name: "lost write: acknowledged, and absent everywhere",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w1", 2);
      unhandle(draft, at);
      remove(draft.history, (entry) => entry.name === "record_data" && isAt(entry, at));
      remove(partitionOf(draft, at.topic, at.partition).records, ({ offset }) => offset === at.offset);
    },
    finds: [["nothing-lost", "lost-write"]],
  },
  {
    name: "a record that lived only in a killed worker's buffer, and a commit beyond it",
    plant(draft) {
      unhandle(draft, effectOf(draft, "audit", "w1", 2).at);
      kill(draft, "w1");
    },
    finds: [
      ["nothing-lost", "lost"],
      ["commits", "above-unfinished"],
    ],
    besides: ["at-least-once"],
  },
  {
    name: "unseen: below the end offset, and never polled",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w2", -1);
      unhandle(draft, at);
      remove(draft.history, (entry) => entry.name === "record_data" && isAt(entry, at));
      const commit = commitAt(draft, "w2", "audit");
      commit.offset = at.offset;
      const last = draft.committed.findIndex(({ topic, partition }) => topic === "audit" && partition === 0);
      draft.committed[last] = { ...must(draft.committed[last], "commit"), offset: at.offset };
    },
    finds: [["nothing-lost", "unseen"]],
    besides: ["at-least-once"],
  },
  {
    name: "the effect of a value that was never sent",
    plant(draft) {
      const effect = effectOf(draft, "audit", "w2", -1);
      const at = { ...effect.at, offset: effect.at.offset + 100 };
      const spanId = "c-nobody";
      draft.history.push(
        { client: "x", atMs: 0, name: "span", spanId: "p-nobody", kind: "producer", id: "nobody", links: [] },
        { client: "x", atMs: 0, name: "span", spanId, kind: "consumer", id: "nobody", links: ["p-nobody"] },
      );
      const nobody = { id: "nobody", key: "nobody", spanId, at, origin: at };
      draft.effects.push({ ...effect, ...nobody });
    },
    finds: [["nothing-invented", "never-sent"]],
  },
  {
    name: "the effect of a value whose send failed",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w1", 1);
      const index = draft.history.findIndex(
        (entry) => entry.name === "producer_send_success" && isAt(entry, at),
      );
      const sent = must(draft.history[index], "send") as Named<"producer_send_success">;
      const { id, key, seq, digest, topic, client, atMs } = sent;
      const error = { name: "producer_send_error", result: "fail", id, key, seq, digest, topic } as const;
      draft.history[index] = { client, atMs, ...error };
    },
    finds: [["nothing-invented", "sent-and-failed"]],
  },
  {
    name: "G1a: a value of an aborted transaction is visible",
    plant(draft) {
      must(all(draft, "transaction_ended")[0], "transaction").result = "aborted";
    },
    finds: [["transactions", "G1a"]],
  },
  {
    name: "precommitted read: a value is visible before its commit",
    plant(draft) {
      must(all(draft, "transaction_ended")[0], "transaction").atMs = 1e6;
    },
    finds: [["transactions", "precommitted-read"]],
  },
  {
    name: "duplicate: one send at two offsets although the producer is idempotent",
    plant(draft) {
      const at = partitionOf(draft, "audit", 0);
      const first = must(at.records[0], "record");
      const offset = at.high++;
      at.records.push({ ...first, offset });
      const last = must(
        all(draft, "record_data").findLast((one) => one.topic === "audit" && one.partition === 0),
        "poll",
      );
      insertAfter(draft, last, { ...last, offset, id: first.id });
      const pass = must(
        all(draft, "outcome").find((one) => one.topic === "audit" && one.partition === 0),
        "outcome",
      );
      const { atMs } = last;
      insertAfter(draft, last, { ...pass, client: "w2", atMs, offset, id: first.id, outcome: "deduped" });
      draft.history.sort((a, b) => a.atMs - b.atMs);
    },
    finds: [["nothing-invented", "duplicate"]],
  },
  {
    name: "inconsistent offsets: one offset, two values",
    plant(draft) {
      must(pollOf(draft, "audit")[1], "delivery").id = "m1";
    },
    finds: [["nothing-invented", "inconsistent-offsets"]],
  },
  {
    name: "a revoked record that is neither run nor redelivered, and committed over by the next owner",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w1", -1);
      unhandle(draft, at);
      commitAt(draft, "w1", "audit").offset = at.offset;
    },
    finds: [
      ["nothing-lost", "lost"],
      ["at-least-once", "never-handled"],
    ],
    besides: ["commits", "order"],
  },
  {
    name: "two effects of one id inside the dedupe window",
    plant(draft) {
      const effect = effectOf(draft, "audit", "w1", 1);
      draft.effects.push({ ...effect, atMs: effect.atMs + 0.1 });
    },
    finds: [["dedupe", "repeated"]],
  },
  {
    name: "a live record dropped as a duplicate after its first handler failed",
    plant(draft) {
      const { at } = effectOf(draft, "audit", "w1", 1);
      remove(draft.effects, (effect) => isAt(effect.at, at));
      outcomeAt(draft, at).outcome = "deduped";
    },
    finds: [["at-least-once", "dropped-as-duplicate"]],
    besides: ["nothing-lost"],
  },
  {
    name: "an effect whose value is not what was sent",
    plant(draft) {
      effectOf(draft, "audit", "w1").digest = "other";
    },
    finds: [["nothing-invented", "changed"]],
  },
  {
    name: "more repeats than a kill explains",
    plant(draft) {
      kill(draft, "w1");
      draft.policy = { ...draft.policy, repeats: { perKill: 2, perLoss: 0, perRevoke: 0 } };
      repeatLast(draft, 3);
    },
    finds: [["repeats", "too-many"]],
  },
];
