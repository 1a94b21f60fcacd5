import type { DeliveryContext } from "../../core/context.ts";
import type { Delivery, Outcome, Stage } from "../../core/handler.ts";
import { headerNames, headerText } from "../../core/headers.ts";
import type { Header, TopicPartitionOffset } from "../../core/record.ts";
import { asBuffer, toCoordinates } from "../../core/record.ts";
import type { RecordRef } from "../../core/signals.ts";
import type { Work } from "../assignment/partition.ts";
import type { History } from "../hand-over/hop-headers.ts";
import { restoreNulls } from "../hand-over/hop-headers.ts";
import type { Identity, Pass } from "./pass.ts";

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

/**
 * What a handler gets. One is made for every record, and few handlers look at the signal: a class, because a getter on
 * its prototype costs nothing until then.
 */
export class RecordDelivery implements Delivery {
  readonly event: unknown;
  readonly eventType: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly headers: readonly Header[];
  readonly attempt: number;
  readonly stage: Stage;
  readonly origin: TopicPartitionOffset;
  readonly messageId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly timestampMs: number;
  readonly skip: Delivery["skip"] = skip;
  readonly retry: Delivery["retry"] = retry;
  readonly deadLetter: Delivery["deadLetter"] = deadLetter;
  #controller: AbortController | undefined;
  #calledOff: { readonly reason: unknown } | undefined;

  constructor(pass: Pass, identity: Identity) {
    const { work, history } = pass;
    const { record } = work;
    const { key } = record;
    this.event = pass.value;
    this.eventType = pass.eventType ?? "";
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.key = key === null ? null : asBuffer(key).toString();
    this.headers = restoreNulls(record.headers);
    this.attempt = pass.attempt;
    this.stage = toStage(work.partition.stage);
    this.origin = toOrigin(history.origin);
    this.messageId = identity.messageId;
    this.correlationId = identity.correlationId;
    this.causationId = identity.causationId;
    this.timestampMs = history.originTimestampMs;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#calledOff) this.#controller.abort(this.#calledOff.reason);
    return this.#controller.signal;
  }

  /** Fires the signal; the first reason stands. */
  callOff(reason: unknown): void {
    this.#calledOff ??= { reason };
    this.#controller?.abort(reason);
  }
}

const toOrigin = ({ topic, partition, offset }: TopicPartitionOffset): TopicPartitionOffset => ({
  topic,
  partition,
  offset,
});

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
  const stage = toStage(work.partition.stage);
  return { topic, partition, offset, group, stage, attempt, event: eventType || undefined, messageId };
}

const outcomes: ReadonlySet<unknown> = new Set(["done", "skip", "retry", "deadLetter"]);

/** What a handler returned, as an outcome: anything but an outcome means that it is done. */
export function toOutcome(returned: unknown): Outcome {
  if (typeof returned !== "object" || returned === null || !("kind" in returned)) return done;
  return outcomes.has(returned.kind) ? (returned as Outcome) : done;
}
