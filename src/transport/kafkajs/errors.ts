import { KeryxError } from "../../core/errors.ts";
import { type KafkaErrorRow, toKafkaError } from "../error-codes.ts";

/** What the failed request was about, for a message that names it. */
export interface RequestContext {
  /** What was being done, for example `produce`. */
  readonly action: string;
  readonly topics?: readonly string[];
  readonly group?: string;
}

/** The parts of a kafkajs error that are looked at. Its classes are recognised by name: their text changes. */
interface ClientError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly topic?: string;
  readonly broker?: string;
}

const tlsCodes = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "EPROTO",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const unreachableNames = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSBrokerNotFound",
  "KafkaJSNoBrokerAvailableError",
  "KafkaJSLockTimeout",
]);

/** Turns whatever kafkajs throws into a Keryx error: by class and number, along the chain of causes. */
export function toKeryxError(thrown: unknown, context: RequestContext): KeryxError {
  const chain = causesOf(thrown);
  const own = chain.find((error) => error instanceof KeryxError);
  if (own instanceof KeryxError) return own;
  const errors = chain as readonly ClientError[];
  return (
    fromAuthentication(errors, context) ??
    fromProtocol(errors, context) ??
    fromNetwork(errors, context) ??
    fromClient(errors, context)
  );
}

/** The number that the broker answered with, if any error of the chain carries one. */
export function kafkaCodeOf(thrown: unknown): number | undefined {
  return causesOf(thrown)
    .map((error) => (error as ClientError).code)
    .find((code): code is number => typeof code === "number");
}

/** True when any error of the chain has one of these class names. */
export function hasErrorName(thrown: unknown, ...names: readonly string[]): boolean {
  return causesOf(thrown).some((error) => names.includes((error as ClientError).name ?? ""));
}

function causesOf(thrown: unknown): object[] {
  const found = new Set<object>();
  const visit = (value: unknown): void => {
    // Errors of other people may point at themselves.
    if (typeof value !== "object" || value === null || found.has(value) || found.size > 32) return;
    found.add(value);
    const { cause, errors } = value as ClientError;
    for (const inner of Array.isArray(errors) ? errors : []) visit(inner);
    visit(cause);
  };
  visit(thrown);
  return [...found];
}

function fromAuthentication(errors: readonly ClientError[], context: RequestContext): KeryxError | undefined {
  const cause = errors[0];
  const sasl = errors.find(
    ({ name, code }) =>
      name === "KafkaJSSASLAuthenticationError" || code === 33 || code === 34 || code === 58,
  );
  if (sasl)
    return new KeryxError("auth_failed", `${context.action}: ${sasl.message ?? "login refused"}`, {
      cause,
      details: { kafkaCode: typeof sasl.code === "number" ? sasl.code : undefined },
    });
  const tls = errors.find(
    ({ code }) => typeof code === "string" && (tlsCodes.has(code) || /^ERR_(SSL|TLS)_/.test(code)),
  );
  if (tls)
    return new KeryxError("tls_failed", `${context.action}: ${tls.message ?? "TLS failed"}`, {
      cause,
      details: { reason: tls.code, broker: tls.broker },
    });
  return undefined;
}

function fromProtocol(errors: readonly ClientError[], context: RequestContext): KeryxError | undefined {
  const answered = errors.find(({ code }) => typeof code === "number");
  if (answered === undefined) return undefined;
  const row = toKafkaError(answered.code as number);
  const topics = errors.map(({ topic }) => topic).filter((topic) => topic !== undefined);
  const named: RequestContext = topics.length > 0 ? { ...context, topics } : context;
  return new KeryxError(
    codeOf(row, context),
    `${describe(named)}: ${row.name} (Kafka code ${row.kafkaCode})`,
    {
      cause: errors[0],
      details: {
        kafkaCode: row.kafkaCode,
        kafkaError: row.name,
        class: row.class,
        retriable: row.retriable,
        fenced: row.fenced,
        fatal: row.fatal,
        ...resourceOf(named),
      },
    },
  );
}

function codeOf(row: KafkaErrorRow, { action }: RequestContext): ConstructorParameters<typeof KeryxError>[0] {
  if (row.kafkaCode === 3) return "topic_missing";
  if (row.kafkaCode === 7 && action === "produce") return "send_timeout";
  if (row.kafkaCode === 35 || row.kafkaCode === 76) return "capability_missing";
  if (row.class === "authorization") return "not_authorized";
  if (row.class === "too-large") return "record_too_large";
  if (row.fenced) return "fenced";
  if (row.retriable) return "kafka_unavailable";
  return action === "produce" ? "send_failed" : "kafka_error";
}

function fromNetwork(errors: readonly ClientError[], context: RequestContext): KeryxError | undefined {
  const [cause] = errors;
  if (errors.some(({ name }) => name === "KafkaJSRequestTimeoutError")) {
    const code = context.action === "produce" ? "send_timeout" : "kafka_unavailable";
    return new KeryxError(code, `${describe(context)}: no answer in time`, {
      cause,
      details: resourceOf(context),
    });
  }
  const socket = errors.find(({ name }) => unreachableNames.has(name ?? ""));
  if (socket === undefined) return undefined;
  // A plaintext client on a TLS or SASL listener, and the reverse, look like this and nothing else.
  const isClosed = errors.some(
    ({ name, code }) => name === "KafkaJSConnectionClosedError" || code === "ECONNRESET",
  );
  return new KeryxError("broker_unreachable", `${describe(context)}: ${socket.message ?? "no connection"}`, {
    cause,
    details: { ...resourceOf(context), broker: socket.broker, reason: socket.code },
    ...(isClosed && {
      help: "The broker closed the connection: if it does so at once, its listener may expect TLS or a login, or not speak TLS; compare `tls` and `sasl` with the listener. Else nothing to do: it is tried again.",
    }),
  });
}

function fromClient(errors: readonly ClientError[], context: RequestContext): KeryxError {
  const names = new Set(errors.map(({ name }) => name));
  const message = `${describe(context)}: ${errors[0]?.message ?? "failed"}`;
  const options = { cause: errors[0], details: resourceOf(context) };
  if (names.has("KafkaJSNotImplemented") || names.has("KafkaJSServerDoesNotSupportApiKey"))
    return new KeryxError("capability_missing", message, options);
  if (
    names.has("KafkaJSMetadataNotLoaded") ||
    names.has("KafkaJSTopicMetadataNotLoaded") ||
    names.has("KafkaJSGroupCoordinatorNotFound")
  )
    return new KeryxError("kafka_unavailable", message, options);
  return new KeryxError("kafka_error", message, options);
}

function resourceOf({ topics, group }: RequestContext): Readonly<Record<string, unknown>> {
  return { ...(topics && { topics }), ...(group !== undefined && { group }) };
}

function describe({ action, topics, group }: RequestContext): string {
  const about = [
    topics?.length ? `topic ${topics.join(", ")}` : "",
    group === undefined ? "" : `group ${group}`,
  ];
  const text = about.filter((part) => part !== "").join(", ");
  return text === "" ? action : `${action} (${text})`;
}
