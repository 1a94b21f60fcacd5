import { KeryxError } from "./errors.ts";
import type { Header, TopicPartitionOffset } from "./record.ts";

/** What a handler decided about a record; returning nothing means `done`. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "retry"; readonly delayMs?: number }
  | { readonly kind: "deadLetter"; readonly reason: string };

/** Where a record was read: the source topic, one of its retry topics, or the dead-letter topic. */
export type Stage = "main" | `retry-${number}` | "dlq";

/** One record as a handler sees it: coordinates, identity and the verbs that decide its outcome. */
export interface Delivery<Value = unknown> {
  /** The decoded event; the same object that the handler gets as its first argument. */
  readonly event: Value;
  /** Event type, for example `order.placed`. */
  readonly eventType: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Key bytes as text (UTF-8), or null. */
  readonly key: string | null;
  /** All headers of the record, in order; names that begin with `keryx-` are Keryx' own. */
  readonly headers: readonly Header[];
  /** 1 for the first pass over this record, counted across retry topics. */
  readonly attempt: number;
  readonly stage: Stage;
  /** Where the record was first consumed; the same through every retry topic. */
  readonly origin: TopicPartitionOffset;
  /** Dedupe id: what the schema declares, else the `message-id` header, else where the record was first read. */
  readonly messageId: string;
  /** The same for everything that one first message led to. */
  readonly correlationId: string;
  /** Id of the message whose handler sent this one. */
  readonly causationId: string | undefined;
  /** Record timestamp of the origin, epoch milliseconds. */
  readonly timestampMs: number;
  /** Aborted at the handler's deadline, when the partition is taken away, and when the app closes. */
  readonly signal: AbortSignal;
  /** The record needs no work; counted as skipped, with the reason. */
  skip(reason: string): Outcome;
  /** Try again by the event's retry plan, or after `delayMs` (at most the plan's longest delay). */
  retry(options?: { readonly delayMs?: number }): Outcome;
  /** Give up now: write the untouched record to the dead-letter topic. */
  deadLetter(reason: string): Outcome;
}

/** Nothing for `done`, or an outcome; now or later. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the usual one.
export type HandlerResult = Outcome | void | Promise<Outcome | void>;

/** Handles one event. Return to finish, throw to retry and finally dead-letter. */
export type Handler<Value> = (event: Value, delivery: Delivery<Value>) => HandlerResult;

/** Handles a record whose value is null. */
export type TombstoneHandler = (key: string | null, delivery: Delivery<null>) => HandlerResult;

/** What a step that Keryx ships does, so that the engine can keep its place. */
export type ShippedStep =
  | { readonly kind: "filter" }
  | {
      readonly kind: "timeout";
      /** Deadline of the handler. */
      readonly timeoutMs: number;
    };

/**
 * A step around the handler, for values of the events that it is used for. It may answer itself instead of calling
 * `next`, and calls it once at most: one pass over a record runs its handler once. It can neither produce nor commit.
 */
export interface Middleware<Value = unknown> {
  (delivery: Delivery<Value>, next: () => Promise<Outcome>): Promise<Outcome>;
  /** Of the steps that Keryx ships. */
  readonly shipped?: ShippedStep;
  /** Of what `compose` gave: its steps, in the order in which they run. */
  readonly parts?: readonly Middleware<Value>[];
}

const places: Readonly<Record<ShippedStep["kind"], number>> = { filter: 1, timeout: 2 };

/**
 * Makes one middleware of several: own steps in the order of the list, the first outermost; inside them the shipped
 * ones, filters before timeouts, wherever they are listed.
 */
export function compose<Value = unknown>(...middlewares: readonly Middleware<Value>[]): Middleware<Value> {
  const placeOf = ({ shipped }: Middleware<Value>): number => (shipped ? places[shipped.kind] : 0);
  const parts = middlewares
    .flatMap((middleware) => middleware.parts ?? middleware)
    .toSorted((a, b) => placeOf(a) - placeOf(b));
  const run = (delivery: Delivery<Value>, next: () => Promise<Outcome>): Promise<Outcome> =>
    parts.reduceRight<() => Promise<Outcome>>(
      (inner, part) => async () => part(delivery, callOnce(inner)),
      next,
    )();
  return Object.assign(run, { parts });
}

function callOnce(next: () => Promise<Outcome>): () => Promise<Outcome> {
  let isCalled = false;
  const call = async (): Promise<Outcome> => {
    if (isCalled) throw new KeryxError("usage", "A middleware called `next` twice for one record");
    isCalled = true;
    return next();
  };
  return () => {
    const answer = call();
    // A step that does not wait for it must not end the process: the record's own end tells what failed.
    answer.catch(() => {});
    return answer;
  };
}
