/** What an error of Keryx says beside its message. */
export interface ErrorFacts<Code extends string = string> {
  readonly code: Code;
  readonly retriable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  /** The next step for the user. */
  readonly help: string;
}

/**
 * An error of Keryx with its facts. Codecs raise it as it is, because the table that `KeryxError` takes them from
 * would be the largest part of their bundle; to whoever catches it, it is a `KeryxError`.
 */
export class CodedError<Code extends string = string> extends Error implements ErrorFacts<Code> {
  /** What is printed of it, and written into headers. */
  static override readonly name: string = "KeryxError";

  declare readonly code: Code;
  declare readonly retriable: boolean;
  declare readonly details: Readonly<Record<string, unknown>>;
  declare readonly help: string;

  constructor(message: string, facts: ErrorFacts<Code>, options?: ErrorOptions) {
    super(`[${facts.code}] ${message}`, options);
    Object.assign(this, facts, { name: "KeryxError" });
  }
}

/** What to do about a value that does not fit its schema. */
export const encodeHelp = "Correct the field that the message names.";

/** What to do about bytes that are not what their schema says. */
export const decodeHelp = "See `details.reason`; the record is dead-lettered untouched.";

/** The refusal of a value. */
export function encodeRefusal(message: string, details: ErrorFacts["details"]): CodedError<"encode_failed"> {
  return new CodedError(message, { code: "encode_failed", retriable: false, details, help: encodeHelp });
}

/** The refusal of bytes; `details.reason` says why. */
export function decodeRefusal(
  message: string,
  details: ErrorFacts["details"],
  options?: ErrorOptions,
): CodedError<"decode_failed"> {
  const facts = { code: "decode_failed", retriable: false, details, help: decodeHelp } as const;
  return new CodedError(message, facts, options);
}
