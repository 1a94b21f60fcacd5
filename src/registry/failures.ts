import { KeryxError, type KeryxErrorOptions } from "../core/errors.ts";
import { readErrorCode, readMessage } from "./answers.ts";
import { sanitize } from "./sanitize.ts";

/** What one HTTP answer was. */
export interface Answer {
  readonly status: number;
  /** Undefined when the body is empty or not JSON. */
  readonly body: unknown;
}

/** Codes by which a registry itself says that something is not there; a proxy's 404 carries none of them. */
const absent = new Set([40401, 40402, 40403]);
const invalid = new Set([422, 42201, 42209, 42210]);
const passingStatus = new Set([408, 429, 500, 502, 503, 504]);

export function isPassing(status: number): boolean {
  return passingStatus.has(status);
}

/** True when the registry itself said that the subject, version or schema does not exist. */
export function isAbsent(answer: Answer): boolean {
  const code = readErrorCode(answer.body);
  return answer.status === 404 && code !== undefined && absent.has(code);
}

/** Takes credentials out of a text. */
export type Redact = (text: string) => string;
const keep: Redact = (text) => text;

/** The one place that turns a registry's refusal into a code of ours. `what` reads as "registering orders-value". */
export function toFailure(answer: Answer, what: string, url: string, redact: Redact = keep): KeryxError {
  const { status } = answer;
  const errorCode = readErrorCode(answer.body);
  const said = sanitize(redact(readMessage(answer.body)));
  const details = { url, status, ...(errorCode === undefined ? {} : { errorCode }) };
  const message = `${what}: ${url} answered ${errorCode ?? status}${said === "" ? "" : `: ${said}`}`;
  if (status === 401 || status === 403) return new KeryxError("registry_unauthorized", message, { details });
  if (isPassing(status)) return new KeryxError("registry_unreachable", message, { details });
  if (isAbsent(answer)) return new KeryxError("schema_not_found", message, { details });
  // Refused as incompatible is one code, whatever the body says; other 409s are about deleting, which we never do.
  if (status === 409) return new KeryxError("schema_incompatible", message, { details });
  if (status === 422 && invalid.has(errorCode ?? 422))
    return new KeryxError("schema_invalid", message, { details });
  const options: KeryxErrorOptions =
    status === 404
      ? { details, help: "Check `registry.url`: what answers there does not speak as a schema registry." }
      : { details };
  return new KeryxError("registry_error", message, options);
}

/** Nothing answered, or not in time. */
export function toUnreachable(cause: unknown, what: string, url: string): KeryxError {
  const message = `${what}: ${url} did not answer (${reasonOf(cause)})`;
  return new KeryxError("registry_unreachable", message, { cause, details: { url } });
}

// fetch says only "fetch failed"; the cause names the socket's error.
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return sanitize(String(cause));
  const inner = cause.cause;
  if (inner instanceof Error) {
    const code = (inner as NodeJS.ErrnoException).code;
    return sanitize(code ?? inner.message);
  }
  return sanitize(cause.message);
}
