import { KeryxError } from "../../core/errors.ts";
import type { OutgoingRecord } from "../../core/record.ts";
import { toAlternative, toDeadLetter } from "../dead-letter.ts";
import type { Dedupe } from "../dedupe.ts";
import type { HandOver } from "../hand-over/hop-headers.ts";
import type { Sink } from "../hand-over/sink.ts";
import type { PartitionCounts } from "../retry-topics.ts";
import { toRetryRecord } from "../retry-topics.ts";
import { toFailure } from "./classify.ts";
import type { Endings } from "./endings.ts";
import type { Pass, Settlement } from "./pass.ts";
import { planOf } from "./pass.ts";

/** Makes a settlement true: hand-over first and acknowledged, then the lease, then the offset. */
export type Settle = (pass: Pass, settlement: Settlement) => boolean | Promise<boolean>;

export interface SettleDeps {
  readonly group: string;
  readonly failureStack: boolean;
  /** Whose names dead letters carry. */
  readonly headers: readonly ("keryx" | "spring")[];
  readonly dedupe: Dedupe | undefined;
  readonly sink: Sink;
  readonly endings: Endings;
  /** Partitions of retry and dead-letter topics. */
  readonly counts: PartitionCounts;
}

type HandingOver = Extract<Settlement, { kind: "later" | "deadLetter" }>;

export function createSettle(deps: SettleDeps): Settle {
  const { dedupe, sink, endings } = deps;
  const confirm = (pass: Pass, settlement: Settlement): boolean | Promise<boolean> => {
    const finish = (): boolean => endings.complete(pass, settlement);
    const down = (error: unknown): boolean => {
      const found = dedupe?.down(pass, error);
      if (!found) return finish();
      if (found.kind === "stop") return endings.stop(pass, found.failure);
      return endings.hold(pass, found.cause, error, async () => confirm(pass, settlement));
    };
    try {
      const marked = dedupe?.confirm(pass.work);
      return marked instanceof Promise ? marked.then(finish, down) : finish();
    } catch (error) {
      return down(error);
    }
  };

  const handOver = async (
    pass: Pass,
    settlement: HandingOver,
    outgoing: OutgoingRecord,
  ): Promise<boolean> => {
    const { phase, session } = pass.work.partition;
    if (phase === "closed") return endings.abandon(pass, "epoch-over");
    try {
      if (!session.isSure()) throw silence();
      await sink.send(outgoing);
    } catch (error) {
      const code = error instanceof KeryxError ? error.code : undefined;
      const other = toAlternative(outgoing, code, planOf(pass).deadLetter);
      if (other) return handOver(pass, settlement, other);
      if (code === "record_too_large") return endings.stop(pass, toFailure(settlement.failure.class, error));
      return endings.hold(pass, "sink", error, () => handOver(pass, settlement, outgoing));
    }
    dedupe?.release(pass.work);
    return endings.complete(pass, settlement);
  };

  return (pass, settlement) => {
    switch (settlement.kind) {
      case "done":
      case "skip":
        return confirm(pass, settlement);
      case "duplicate":
        return endings.complete(pass, settlement);
      case "here":
      case "wait":
        return endings.wait(pass, settlement);
      case "later":
      case "deadLetter":
        return handOver(pass, settlement, toOutgoing(pass, settlement, deps));
      case "discard":
        dedupe?.release(pass.work);
        return endings.complete(pass, settlement);
      case "hold":
        return endings.hold(pass, settlement.cause, settlement.error);
      case "stop":
        return endings.stop(pass, settlement.failure);
      case "abandon":
        return endings.abandon(pass, settlement.why);
    }
  };
}

// The record may be another member's by now: it waits for the next answer, which tells.
function silence(): KeryxError {
  return new KeryxError(
    "broker_unreachable",
    "The group has not answered for as long as a session lasts: nothing is handed over before it does",
  );
}

function toOutgoing(
  pass: Pass,
  settlement: HandingOver,
  { group, failureStack, headers, counts }: SettleDeps,
): OutgoingRecord {
  const { work, history, known, eventType, schemaId, attempt } = pass;
  const handOver: Omit<HandOver, "stage"> = {
    record: work.record,
    history: { ...history, firstAttemptMs: history.firstAttemptMs ?? work.firstFailureMs },
    failure: settlement.failure,
    attempt,
    group,
    plan: planOf(pass),
    nowMs: work.lastFailureMs,
    event: known?.event,
    eventType,
    schemaId,
  };
  const { topic } = settlement;
  if (settlement.kind === "deadLetter")
    return toDeadLetter(
      topic,
      { ...handOver, failureStack, springHeaders: headers.includes("spring"), stage: "dlq" },
      counts,
    );
  const { stage, dueAtMs } = settlement;
  return toRetryRecord(topic, { ...handOver, stage: `retry-${stage}`, dueAtMs }, counts);
}
