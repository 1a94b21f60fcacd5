import type { DecodeReason } from "../../core/errors.ts";
import { KeryxError } from "../../core/errors.ts";

/** Classes of failures, as they stand in `keryx-failure-class`. */
export type FailureClass =
  | "bad-bytes"
  | "unknown-schema"
  | "incompatible-schema"
  | "invalid"
  | "unhandled-event"
  | "non-retriable"
  | "transient"
  | "timeout"
  | "internal";

/** A failed pass: its class, and what a dead letter says about it. Not yet redacted. */
export interface Failure {
  readonly class: FailureClass;
  /** Finer machine code: of the decode failure, or the error's own. */
  readonly code: string;
  /** Name of the error. */
  readonly error: string;
  readonly reason: string;
  readonly thrown?: unknown;
}

/** The user's word on errors. */
export interface Predicates {
  readonly nonRetriable?: ((error: unknown) => boolean) | undefined;
  readonly retriable?: ((error: unknown) => boolean) | undefined;
}

/** True when trying again cannot help. */
export function isPermanent(failureClass: FailureClass): boolean {
  return failureClass !== "transient" && failureClass !== "timeout";
}

const badBytes: Readonly<Record<DecodeReason, FailureClass>> = {
  "not-framed": "bad-bytes",
  malformed: "bad-bytes",
  "too-large": "bad-bytes",
  "too-deep": "bad-bytes",
  "type-mismatch": "bad-bytes",
  "invalid-text": "bad-bytes",
  "unknown-schema": "unknown-schema",
  incompatible: "incompatible-schema",
};

/**
 * Classifies what decoding threw; undefined when it says nothing about the record, but that the registry
 * could not be asked.
 */
export function classifyDecode(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof KeryxError)) return toFailure("internal", thrown);
  switch (thrown.code) {
    case "decode_failed": {
      const reason = thrown.details["reason"];
      const known = typeof reason === "string" && Object.hasOwn(badBytes, reason);
      const found = known ? (reason as DecodeReason) : "malformed";
      return toFailure(badBytes[found], thrown, found);
    }
    case "schema_not_found":
      return toFailure("unknown-schema", thrown, "unknown-schema");
    case "schema_invalid":
    case "schema_incompatible":
      return toFailure("incompatible-schema", thrown, "incompatible");
    case "encode_failed":
      return toFailure("invalid", thrown);
    case "registry_unreachable":
    case "registry_unauthorized":
    case "registry_error":
      return undefined;
    default:
      return toFailure("internal", thrown);
  }
}

/** Classifies what a handler threw: by deadline, by the user's predicates, by code along the causes; else transient. */
export function classifyHandler(thrown: unknown, isLate: boolean, predicates: Predicates): Failure {
  if (isLate) return toFailure("timeout", thrown, "handler_timeout");
  const chain = toCauses(thrown);
  if (chain.some((error) => asks(predicates.nonRetriable, error))) return toFailure("non-retriable", thrown);
  if (chain.some((error) => asks(predicates.retriable, error))) return toFailure("transient", thrown);
  const hopeless = chain.some((error) => error instanceof KeryxError && !error.retriable);
  return toFailure(hopeless ? "non-retriable" : "transient", thrown);
}

/** Names a failure that nobody threw. */
export function nameFailure(failureClass: FailureClass, code: string, reason: string): Failure {
  return { class: failureClass, code, error: "", reason };
}

/** Describes anything thrown as a failure of a class. */
export function toFailure(failureClass: FailureClass, thrown: unknown, code?: string): Failure {
  const error = thrown instanceof Error ? thrown : undefined;
  return {
    class: failureClass,
    code: code ?? codeOf(thrown),
    error: error ? error.name : typeof thrown,
    reason: error ? error.message : describe(thrown),
    thrown,
  };
}

const maxCauses = 8;

// Causes are the user's data: they may be anything, and may lead in a circle.
function toCauses(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let error = thrown; error !== undefined && chain.length < maxCauses; ) {
    if (chain.includes(error)) break;
    chain.push(error);
    error = error instanceof Error ? error.cause : undefined;
  }
  return chain;
}

function asks(predicate: Predicates["retriable"], error: unknown): boolean {
  try {
    return predicate?.(error) === true;
  } catch {
    // A predicate that fails has no opinion; the record must not be lost over it.
    return false;
  }
}

function codeOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return "";
  const { code } = thrown;
  return typeof code === "string" || typeof code === "number" ? String(code) : "";
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "a value that cannot be shown";
  }
}
