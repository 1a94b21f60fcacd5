import { z } from "zod";
import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { OutgoingRecord } from "../core/record.ts";
import type { Acks, Capabilities, Compression } from "../transport/port.ts";

/** A message that could not be sent, as the dead-letter callback gets it. */
export interface ProducerDeadLetter {
  /** Event type, for example `order.placed`; absent for a tombstone. */
  readonly event: EventType | undefined;
  readonly topic: string;
  readonly messageId: string;
  /** The error's message, at most 1,024 bytes, without secrets of the settings. */
  readonly failureReason: string;
  /** The error's code, for example `send_timeout`. */
  readonly failureCode: string;
  /** Tries made: 1 for a value that could not be encoded. */
  readonly attemptCount: number;
  /** Epoch milliseconds. */
  readonly firstAttemptMs: number;
  /** Epoch milliseconds. */
  readonly lastAttemptMs: number;
  /** The record as it would have been sent; absent when the value could not be encoded. */
  readonly record: OutgoingRecord | undefined;
  /** The application's own value, sensitive fields included; undefined for a tombstone. */
  readonly value: unknown;
}

/** Takes a message that could not be sent; a rejection, or `deadLetterTimeoutMs` passing, counts as not taken. */
export type DeadLetterCallback = (letter: ProducerDeadLetter) => void | Promise<void>;

/** How records are published. */
export interface ProducerOptions {
  /** Replicas that must have a record before it counts as sent. Default `all`: the others lose records when a broker dies. With 0 a send cannot fail. */
  readonly acks?: Acks;
  /** Broker-side detection of repeats within one connection. Needs acks `all`; one request in flight. Default false: consumers dedupe by message id anyway. */
  readonly idempotent?: boolean;
  /** Default `none`, which every broker and reader takes. */
  readonly compression?: Compression;
  /** Waits so long for more records before a request. Default 0: what piled up in one turn of the event loop goes together. */
  readonly lingerMs?: number;
  /** Most records in one request. Default 500. */
  readonly maxBatchRecords?: number;
  /** Most bytes in one request; a larger record goes alone. Default 512 KiB, half of what a broker takes by default. */
  readonly batchBytes?: number;
  /** Requests under way at once, shared by the brokers that are sent to, and at least one to each. Default 5, or 1 in all when idempotent. Two of them never hold the same key. */
  readonly maxInFlight?: number;
  /** Records waiting or under way; beyond it `send` waits. Default 10,000. */
  readonly maxQueueRecords?: number;
  /** Bytes waiting or under way; beyond it `send` waits. Default 32 MiB. */
  readonly maxQueueBytes?: number;
  /** A send is settled after so long at the latest, tries and waiting included. Default 2 minutes. */
  readonly deliveryTimeoutMs?: number;
  /**
   * `close` waits so long at the most for sends that have not ended; then they are rejected with `send_timeout`. Dead
   * letters that were asked for get `deadLetterTimeoutMs` more. Default 5 s: an outage must not hold up a shutdown.
   */
  readonly closeTimeoutMs?: number;
  /** Longest wait of a broker for its replicas. Default 10 s. */
  readonly requestTimeoutMs?: number;
  /** First pause between tries; doubles each time, drawn at random from zero up to it. Default 100 ms. */
  readonly retryBaseMs?: number;
  /** Longest pause between tries. Default 5 s. */
  readonly retryMaxMs?: number;
  /** Where a message goes that finally could not be sent: nowhere (default), to the event's dead-letter topic, or to a function. Its send is rejected all the same. */
  readonly deadLetter?: "none" | "topic" | DeadLetterCallback;
  /** Longest wait for a dead letter to be taken. Default 30 s. */
  readonly deadLetterTimeoutMs?: number;
}

/** Producer options with every default filled in. */
export type ResolvedProducerOptions = Required<ProducerOptions>;

export const producerDefaults: ResolvedProducerOptions = {
  acks: "all",
  idempotent: false,
  compression: "none",
  lingerMs: 0,
  maxBatchRecords: 500,
  batchBytes: 524_288,
  maxInFlight: 5,
  maxQueueRecords: 10_000,
  maxQueueBytes: 33_554_432,
  deliveryTimeoutMs: 120_000,
  closeTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  retryBaseMs: 100,
  retryMaxMs: 5_000,
  deadLetter: "none",
  deadLetterTimeoutMs: 30_000,
};

const milliseconds = z.number().int().min(0).max(86_400_000);
const count = z.number().int().min(1);

export const producerOptionsSchema: z.ZodType<ProducerOptions> = z.strictObject({
  acks: z.union([z.literal(0), z.literal(1), z.literal("all")]).exactOptional(),
  idempotent: z.boolean().exactOptional(),
  compression: z.enum(["none", "gzip", "snappy", "lz4", "zstd"]).exactOptional(),
  lingerMs: milliseconds.max(60_000).exactOptional(),
  maxBatchRecords: count.max(100_000).exactOptional(),
  batchBytes: count.max(104_857_600).exactOptional(),
  maxInFlight: count.max(100).exactOptional(),
  maxQueueRecords: count.max(10_000_000).exactOptional(),
  maxQueueBytes: count.max(8_589_934_592).exactOptional(),
  deliveryTimeoutMs: milliseconds.min(1).exactOptional(),
  closeTimeoutMs: milliseconds.exactOptional(),
  requestTimeoutMs: milliseconds.min(1).exactOptional(),
  retryBaseMs: milliseconds.min(1).exactOptional(),
  retryMaxMs: milliseconds.min(1).exactOptional(),
  deadLetter: z
    .union([z.enum(["none", "topic"]), z.custom<DeadLetterCallback>((value) => typeof value === "function")])
    .exactOptional(),
  deadLetterTimeoutMs: milliseconds.min(1).exactOptional(),
});

/**
 * Fills in the defaults and checks what holds between options and what the client can do.
 * @throws KeryxError `config_invalid`, `capability_missing`
 */
export function resolveProducerOptions(
  options: ProducerOptions,
  capabilities?: Capabilities,
): ResolvedProducerOptions {
  const resolved = {
    ...producerDefaults,
    ...(options.idempotent ? { maxInFlight: 1 } : {}),
    ...options,
  };
  const refuse = (message: string): never => {
    throw new KeryxError("config_invalid", message);
  };
  if (resolved.idempotent && resolved.acks !== "all")
    refuse("producer.idempotent needs producer.acks `all`: a broker can only recognise what it must have");
  if (resolved.idempotent && resolved.maxInFlight !== 1)
    refuse(
      `producer.maxInFlight is ${resolved.maxInFlight}, but an idempotent producer has one request in flight`,
    );
  if (resolved.deliveryTimeoutMs < resolved.requestTimeoutMs + resolved.lingerMs)
    refuse(
      `producer.deliveryTimeoutMs (${resolved.deliveryTimeoutMs}) is shorter than one try: requestTimeoutMs (${resolved.requestTimeoutMs}) plus lingerMs (${resolved.lingerMs})`,
    );
  if (resolved.retryMaxMs < resolved.retryBaseMs)
    refuse(
      `producer.retryMaxMs (${resolved.retryMaxMs}) is below producer.retryBaseMs (${resolved.retryBaseMs})`,
    );
  if (resolved.maxQueueBytes < resolved.batchBytes)
    refuse(
      `producer.maxQueueBytes (${resolved.maxQueueBytes}) is below producer.batchBytes (${resolved.batchBytes})`,
    );
  if (capabilities) checkCapabilities(resolved, capabilities);
  return resolved;
}

function checkCapabilities(options: ResolvedProducerOptions, capabilities: Capabilities): void {
  if (options.idempotent && !capabilities.idempotent)
    throw new KeryxError(
      "capability_missing",
      `${capabilities.client} has no idempotent producer (producer.idempotent)`,
    );
  if (!capabilities.codecs.includes(options.compression))
    throw new KeryxError(
      "capability_missing",
      `${capabilities.client} cannot write ${options.compression} (producer.compression); it can write ${capabilities.codecs.join(", ")}`,
    );
}
