import { CodedError, decodeHelp, encodeHelp } from "./coded-error.ts";

/** One row of the closed table of error codes. `exit` is the exit code of a command that ends with it. */
export interface ErrorRow {
  readonly retriable: boolean;
  readonly exit: 1 | 2 | 3;
  /** What happened, in general terms. */
  readonly meaning: string;
  /** What the user can do next. */
  readonly help: string;
}

// Retriable, exit code of a command, what happened, what to do next.
const rows = {
  // registry
  registry_unreachable: [
    true,
    1,
    "No registry URL answered.",
    "Check `registry.url` and that the registry is running; cached schemas keep working meanwhile.",
  ],
  registry_unauthorized: [
    false,
    1,
    "The registry refused the credentials.",
    "Check `registry.auth`; the account needs read access, and write access to register.",
  ],
  registry_error: [
    false,
    1,
    "The registry answered with an error that is not retriable.",
    "Read the registry's message and code in the details.",
  ],
  schema_not_found: [
    false,
    1,
    "The registry has no such subject, version or schema.",
    "Register it with `keryx register`, or let the producer register it (`registry.autoRegister: true`).",
  ],
  schema_invalid: [
    false,
    1,
    "A schema cannot be parsed or exceeds a limit.",
    "Correct the schema at the place that the details name.",
  ],
  schema_incompatible: [
    false,
    3,
    "The registry refused the schema as incompatible.",
    "Make the change compatible, or publish it as a new event on a new topic.",
  ],
  // codecs
  encode_failed: [false, 1, "A value does not fit its schema.", encodeHelp as string],
  decode_failed: [false, 1, "Bytes are not what their schema says.", decodeHelp as string],
  missing_key: [
    false,
    1,
    "The field that the schema names as record key is empty.",
    "Set the field before sending.",
  ],
  missing_id: [
    false,
    1,
    "The field that the schema names as dedupe id is empty.",
    "Set the field before sending.",
  ],
  header_invalid: [
    false,
    1,
    "A header name or value cannot be sent.",
    "Header names starting with `keryx-` are reserved; values are text or bytes.",
  ],
  // configuration and start
  config_invalid: [
    false,
    2,
    "The configuration has an unknown key or a value out of range.",
    "Correct the setting at the place that the message names; `keryx config explain` shows where each value comes from.",
  ],
  start_refused: [
    false,
    1,
    "The consumer's promises cannot be kept with the topics as they are.",
    "Correct what the message lists, or set `createTopics: true` where topics are missing.",
  ],
  capability_missing: [
    false,
    1,
    "The Kafka client or broker lacks a feature that was asked for.",
    "Drop the option, or choose a client that has it.",
  ],
  dependency_missing: [
    false,
    1,
    "An optional package is needed and not installed.",
    "Run the install command that the message names.",
  ],
  usage: [false, 2, "The command line or a call is not understood.", "See `keryx --help`."],
  closed: [
    false,
    1,
    "The app, producer or consumer is closed.",
    "Create a new one; a closed one does not reopen.",
  ],
  // Kafka
  broker_unreachable: [
    true,
    1,
    "No broker could be reached.",
    "Check `brokers` and the network; sending and consuming go on by themselves once a broker answers.",
  ],
  port_taken: [
    false,
    1,
    "A port of the probes, of the embedded broker or of the registry is in use, or may not be used.",
    "Choose another port, or 0 for a free one.",
  ],
  frame_malformed: [
    false,
    1,
    "A client sent bytes to the embedded broker that are no request of a version that it serves.",
    "The connection was closed; check the client's version against the broker's table of versions.",
  ],
  topic_missing: [false, 1, "The topic does not exist.", "Create the topic, or set `createTopics: true`."],
  send_timeout: [
    true,
    1,
    "A record was not acknowledged in time.",
    "It may have arrived all the same: consumers recognise the repeat by its message id.",
  ],
  send_failed: [false, 1, "The broker refused a record.", "Read the Kafka error in the details."],
  record_too_large: [
    false,
    1,
    "A record is larger than the broker takes.",
    "Raise `max.message.bytes` of the topic, or send less.",
  ],
  auth_failed: [
    false,
    1,
    "The broker refused the credentials.",
    "Check `sasl`: mechanism, user name and password.",
  ],
  tls_failed: [
    false,
    1,
    "The TLS connection could not be made.",
    "Check `tls`: authority, certificate dates and host name.",
  ],
  not_authorized: [
    false,
    1,
    "The account lacks a right on a Kafka resource.",
    "Grant the right that the message names.",
  ],
  fenced: [
    false,
    1,
    "Another instance took over.",
    "Start one instance per id; this one must be created anew.",
  ],
  kafka_error: [false, 1, "Kafka answered with an error.", "Read the Kafka code in the details."],
  kafka_unavailable: [
    true,
    1,
    "Kafka answered with a passing error.",
    "Nothing to do: it is tried again. If it lasts, look at the brokers.",
  ],
  // consumer
  batch_failed: [
    true,
    1,
    "A batch handler named the record that failed.",
    "See the cause; the record goes the way of one that failed alone.",
  ],
  handler_timeout: [
    true,
    1,
    "A handler outlived its deadline.",
    "Make the handler faster, honour `delivery.signal`, or raise `handlerTimeoutMs`.",
  ],
  aborted: [
    true,
    1,
    "The work was called off.",
    "The record is delivered again to whoever owns its partition.",
  ],
  store_unavailable: [
    true,
    1,
    "The dedupe store does not answer.",
    "Check the store; the partition waits meanwhile.",
  ],
  // tests
  expectation_failed: [
    false,
    1,
    "What a test waited for or asserted did not come true.",
    "Read what the message lists: it says how things stood at the end.",
  ],
  // generator
  baseline_unavailable: [
    false,
    1,
    "What to compare with could not be read, so there is no answer.",
    "Correct what the message names, or compare with another baseline: `keryx check --against …`.",
  ],
  generate_failed: [false, 1, "The generator could not do its work.", "Correct what the message names."],
  internal: [false, 1, "A defect in Keryx.", "Please report it with the message and its stack."],
} as const;

/** One of the closed set of codes; decide by it, never by a message's text. */
export type ErrorCode = keyof typeof rows;

/** Every code that a Keryx error can carry. `docs/reference/errors.md` is generated from this table. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = /* @__PURE__ */ toTable();

function toTable(): Record<ErrorCode, ErrorRow> {
  const entries = Object.entries(rows).map(([code, [retriable, exit, meaning, help]]) => [
    code,
    { retriable, exit, meaning, help },
  ]);
  return Object.fromEntries(entries) as Record<ErrorCode, ErrorRow>;
}

/** Why bytes were refused: the same words in errors, signals and dead letters. */
export type DecodeReason =
  | "not-framed"
  | "unknown-schema"
  | "incompatible"
  | "malformed"
  | "too-large"
  | "too-deep"
  | "type-mismatch"
  | "invalid-text";

export interface KeryxErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Overrides the table's next step with a more exact one. */
  readonly help?: string;
}

/** The only error class: a code of the closed table, what happened, and what to do next. */
export class KeryxError extends CodedError<ErrorCode> {
  constructor(code: ErrorCode, message: string, { cause, details = {}, help }: KeryxErrorOptions = {}) {
    const [retriable, , , nextStep] = rows[code];
    const facts = { code, retriable, details, help: help ?? nextStep };
    super(message, facts, cause === undefined ? undefined : { cause });
  }

  // What codecs raise is one, too.
  static override [Symbol.hasInstance]<T>(
    this: abstract new (
      ...args: never
    ) => T,
    value: unknown,
  ): value is T {
    // biome-ignore lint/complexity/noThisInStatic: classes that extend this one inherit the test.
    const known = Object.is(this, KeryxError) ? CodedError : this;
    return Function.prototype[Symbol.hasInstance].call(known, value);
  }

  /** Turns anything thrown into a KeryxError; one that is already comes back unchanged. */
  static from(thrown: unknown, fallback: ErrorCode = "internal"): KeryxError {
    if (thrown instanceof KeryxError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new KeryxError(fallback, message, { cause: thrown });
  }
}

/** A refusal of bytes, with its reason. */
export function decodeError(
  reason: DecodeReason,
  message: string,
  options: KeryxErrorOptions = {},
): KeryxError {
  return new KeryxError("decode_failed", message, { ...options, details: { ...options.details, reason } });
}
