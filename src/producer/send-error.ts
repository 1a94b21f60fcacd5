import { KeryxError } from "../core/errors.ts";
import type { Entry, SendOutcome } from "./ledger.ts";

const refusals: ReadonlySet<string> = new Set([
  "missing_key",
  "missing_id",
  "header_invalid",
  "encode_failed",
  "usage",
]);

/**
 * The error of one send. Made where the caller's `await` resumes, so that its stack shows who sent;
 * the failure of the whole batch is its cause.
 */
export function toSendError(
  topic: string,
  entry: Entry,
  failure: Extract<SendOutcome, { kind: "failed" }>,
): KeryxError {
  const { error, deadLettered } = failure;
  if (refusals.has(error.code) && deadLettered === undefined) return error;
  const what = entry.event?.type ?? "tombstone";
  const partition = error.details["topic"] === topic ? error.details["partition"] : undefined;
  const place = typeof partition === "number" ? `${topic}-${partition}` : topic;
  const message = error.message.replace(`[${error.code}] `, "");
  return new KeryxError(error.code, `${what} to ${place}: ${message}`, {
    cause: error,
    help: error.help,
    details: {
      ...error.details,
      topic,
      event: entry.event?.type,
      messageId: entry.messageId,
      attempts: entry.attempts,
      ...(deadLettered === undefined ? {} : { deadLettered }),
    },
  });
}
