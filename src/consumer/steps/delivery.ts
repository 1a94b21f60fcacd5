import type { DeliveryContext } from "../../core/context.ts";
import type { Delivery, Outcome, Stage } from "../../core/handler.ts";
import { headerNames, headerText } from "../../core/headers.ts";
import { toCoordinates } from "../../core/record.ts";
import type { RecordRef } from "../../core/signals.ts";
import type { Work } from "../assignment/partition.ts";
import type { History } from "../hand-over/hop-headers.ts";
import { restoreNulls } from "../hand-over/hop-headers.ts";

/** Who a record is: the id that repeats are known by, and what it was caused by. */
export interface Identity {
  readonly messageId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
}

const done: Outcome = { kind: "done" };
const skip = (reason: string): Outcome => ({ kind: "skip", reason });
const deadLetter = (reason: string): Outcome => ({ kind: "deadLetter", reason });
const retry: Delivery["retry"] = (options) => ({ kind: "retry", ...options });

/** The declared id, else the id of the header, else the place where the record was first read. */
export function toIdentity(work: Work, history: History, declaredId: string | undefined): Identity {
  const { headers } = work.record;
  const messageId =
    declaredId ||
    headerText(headers, headerNames.messageId) ||
    headerText(headers, "ce_id") ||
    toCoordinates(history.origin);
  return {
    messageId,
    correlationId: headerText(headers, headerNames.correlationId) || messageId,
    causationId: headerText(headers, headerNames.causationId) || undefined,
  };
}

export function toStage(stage: number): Stage {
  return stage === 0 ? "main" : `retry-${stage}`;
}

/** A delivery, and the way to call its handler off. */
export interface OpenDelivery {
  readonly delivery: Delivery;
  abort(reason: unknown): void;
  isAborted(): boolean;
}

export function createDelivery(
  work: Work,
  history: History,
  identity: Identity,
  pass: { readonly event: unknown; readonly eventType: string; readonly attempt: number },
): OpenDelivery {
  const { record, partition } = work;
  // Few handlers look at their signal: the controller is made when the first one does.
  let controller: AbortController | undefined;
  let aborted: { readonly reason: unknown } | undefined;
  const { key } = record;
  const delivery: Delivery = {
    ...identity,
    event: pass.event,
    eventType: pass.eventType,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: key === null ? null : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString(),
    headers: restoreNulls(record.headers),
    attempt: pass.attempt,
    stage: toStage(partition.stage),
    origin: {
      topic: history.origin.topic,
      partition: history.origin.partition,
      offset: history.origin.offset,
    },
    timestampMs: history.originTimestampMs,
    get signal() {
      controller ??= new AbortController();
      if (aborted) controller.abort(aborted.reason);
      return controller.signal;
    },
    skip,
    retry,
    deadLetter,
  };
  return {
    delivery,
    abort(reason) {
      aborted ??= { reason };
      controller?.abort(reason);
    },
    isAborted: () => aborted !== undefined,
  };
}

/** What sends and log lines inside the handler inherit. */
export function toContext(delivery: Delivery, group: string): DeliveryContext {
  return {
    messageId: delivery.messageId,
    correlationId: delivery.correlationId,
    causationId: delivery.causationId,
    topic: delivery.topic,
    partition: delivery.partition,
    offset: delivery.offset,
    group,
    event: delivery.eventType === "" ? undefined : delivery.eventType,
    attempt: delivery.attempt,
  };
}

/** Coordinates and identity for signals; never a payload. */
export function toRecordRef(
  work: Work,
  group: string,
  attempt: number,
  eventType: string | undefined,
  messageId: string | undefined,
): RecordRef {
  const { topic, partition, offset } = work.record;
  return {
    topic,
    partition,
    offset,
    group,
    stage: toStage(work.partition.stage),
    attempt,
    ...(eventType ? { event: eventType } : {}),
    ...(messageId ? { messageId } : {}),
  };
}

const outcomes: ReadonlySet<unknown> = new Set(["done", "skip", "retry", "deadLetter"]);

/** What a handler returned, as an outcome: anything but an outcome means that it is done. */
export function toOutcome(returned: unknown): Outcome {
  if (typeof returned !== "object" || returned === null || !("kind" in returned)) return done;
  return outcomes.has(returned.kind) ? (returned as Outcome) : done;
}
