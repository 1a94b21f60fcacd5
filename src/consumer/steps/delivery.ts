import type { DeliveryContext } from "../../core/context.ts";
import type { Delivery, Outcome, Stage } from "../../core/handler.ts";
import { headerNames, recordText } from "../../core/headers.ts";
import type { Header, RawRecord, TopicPartitionOffset } from "../../core/record.ts";
import { asBuffer, toCoordinates } from "../../core/record.ts";
import type { RecordRef } from "../../core/signals.ts";
import type { Work } from "../assignment/partition.ts";
import type { History } from "../hand-over/history.ts";
import { restoreNulls } from "../hand-over/hop-headers.ts";
import type { Pass } from "./pass.ts";

const skip = (reason: string): Outcome => ({ kind: "skip", reason });
const deadLetter = (reason: string): Outcome => ({ kind: "deadLetter", reason });
const retry: Delivery["retry"] = (options) => ({ kind: "retry", ...options });

/** Who the record is: the declared id, else the id of the header, else the place where it was first read. */
export function toMessageId({ record }: Work, history: History, declaredId: string | undefined): string {
  return (
    declaredId ||
    recordText(record, headerNames.messageId) ||
    recordText(record, "ce_id") ||
    toCoordinates(history.origin)
  );
}

export function toStage(stage: number): Stage {
  return stage === 0 ? "main" : `retry-${stage}`;
}

/**
 * What a handler gets. One is made for every record, and few handlers look at all of it: a class, because getters on
 * its prototype cost nothing until then.
 */
export class RecordDelivery implements Delivery {
  readonly event: unknown;
  readonly eventType: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly attempt: number;
  readonly stage: Stage;
  readonly messageId: string;
  readonly timestampMs: number;
  readonly #record: RawRecord;
  readonly #origin: TopicPartitionOffset;
  #controller: AbortController | undefined;
  #calledOff: { readonly reason: unknown } | undefined;

  constructor(pass: Pass, messageId: string) {
    const { work, history } = pass;
    const { record } = work;
    this.event = pass.value;
    this.eventType = pass.eventType ?? "";
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.attempt = pass.attempt;
    this.stage = toStage(work.partition.stage);
    this.messageId = messageId;
    this.timestampMs = history.originTimestampMs;
    this.#record = record;
    this.#origin = history.origin;
  }

  get key(): string | null {
    const { key } = this.#record;
    return key === null ? null : asBuffer(key).toString();
  }

  get headers(): readonly Header[] {
    return restoreNulls(this.#record.headers);
  }

  get origin(): TopicPartitionOffset {
    const { topic, partition, offset } = this.#origin;
    return { topic, partition, offset };
  }

  get correlationId(): string {
    return recordText(this.#record, headerNames.correlationId) || this.messageId;
  }

  get causationId(): string | undefined {
    return recordText(this.#record, headerNames.causationId) || undefined;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#calledOff) this.#controller.abort(this.#calledOff.reason);
    return this.#controller.signal;
  }

  get skip(): Delivery["skip"] {
    return skip;
  }

  get retry(): Delivery["retry"] {
    return retry;
  }

  get deadLetter(): Delivery["deadLetter"] {
    return deadLetter;
  }

  /** Fires the signal; the first reason stands. */
  callOff(reason: unknown): void {
    this.#calledOff ??= { reason };
    this.#controller?.abort(reason);
  }
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
  const stage = toStage(work.partition.stage);
  return { topic, partition, offset, group, stage, attempt, event: eventType || undefined, messageId };
}
