import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import type { DeadLetterSink } from "./dead-letter.ts";
import type { Entry } from "./ledger.ts";
import { toMissingTopic } from "./opening.ts";

export interface FailingDeps {
  readonly topic: string;
  readonly observe: Observe;
  readonly sink: DeadLetterSink | undefined;
  /** Takes a settled send out of whatever it waits in. */
  readonly drop: (entry: Entry) => void;
}

export type Fail = (entries: readonly Entry[], error: KeryxError) => void;

// What the application called off, or may not send at all, is its own business.
const neverDeadLettered: ReadonlySet<string> = new Set(["aborted", "closed", "header_invalid", "usage"]);

/** Ends sends that failed for good, each after its dead letter where that is asked for. */
export function createFail(deps: FailingDeps): Fail {
  const { topic, observe, sink } = deps;

  function end(entry: Entry, error: KeryxError, deadLettered: boolean | undefined): void {
    observe({
      kind: "record.send_failed",
      topic,
      ...(entry.event ? { event: entry.event.type } : {}),
      messageId: entry.messageId,
      error,
      deadLettered: deadLettered ?? false,
    });
    entry.end({ kind: "failed", error, ...(deadLettered === undefined ? {} : { deadLettered }) });
  }

  return (entries, thrown) => {
    const error = thrown.code === "topic_missing" ? toMissingTopic(topic, thrown) : thrown;
    for (const entry of entries) {
      entry.settled = true;
      deps.drop(entry);
    }
    if (!sink || entries.length === 0 || neverDeadLettered.has(error.code))
      for (const entry of entries) end(entry, error, undefined);
    else
      void sink.write(entries, error).then((isTaken) => {
        for (const entry of entries) end(entry, error, isTaken);
      });
  };
}

/** The error of a send whose time is up. */
export function toExpired(entry: Entry, deliveryTimeoutMs: number): KeryxError {
  return toTimeout(entry, `not acknowledged within ${deliveryTimeoutMs} ms`);
}

/** The error of a send that the closing of its producer could not wait for. */
export function toCutOff(entry: Entry, closeTimeoutMs: number): KeryxError {
  return toTimeout(entry, `not acknowledged within ${closeTimeoutMs} ms after the producer was closed`);
}

function toTimeout({ attempts, lastError }: Entry, waited: string): KeryxError {
  const message = `${waited} (tries: ${attempts})`;
  if (!lastError) return new KeryxError("send_timeout", message);
  return new KeryxError("send_timeout", `${message}; last: ${lastError.message}`, {
    cause: lastError,
    details: lastError.details,
  });
}

/** The error of a send that its own signal called off. */
export function toCalledOff(signal: AbortSignal): KeryxError {
  return new KeryxError("aborted", "the send was called off by its signal", {
    cause: signal.reason,
    help: "A record that had left already may still arrive: consumers recognise the repeat by its message id.",
  });
}
