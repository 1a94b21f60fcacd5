import { KeryxError } from "../core/errors.ts";
import { type Redactor, secretName } from "../core/redact.ts";

const maxTextLength = 8_192;
const maxMaskedLength = 1_048_576;
const maxCauses = 4;

/** Fields as they may be written: texts without secrets, 64-bit integers as text, errors as data, no objects. */
export function toSafeFields(
  fields: Readonly<Record<string, unknown>>,
  redactor: Redactor,
): Record<string, unknown> {
  const safe: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    safe.push([redactor.redact(name), secretName.test(name) ? "***" : toSafe(value, redactor)]);
  }
  // Defines instead of assigning, so that a field called `__proto__` is only a field.
  return Object.fromEntries(safe);
}

function toSafe(value: unknown, redactor: Redactor): unknown {
  if (typeof value === "string") return clean(value, redactor);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  if (value instanceof Error) return toErrorFields(value, redactor, 0);
  return `(${typeof value})`;
}

function clean(text: string, redactor: Redactor): string {
  // Masked before the cut, which could leave the first half of a secret behind; the bound is for time only.
  const safe = redactor.redact(text.slice(0, maxMaskedLength));
  return safe.length > maxTextLength ? `${safe.slice(0, maxTextLength)}…` : safe;
}

function toErrorFields(error: Error, redactor: Redactor, depth: number): Record<string, unknown> {
  const { cause } = error;
  return {
    name: clean(error.name, redactor),
    ...(error instanceof KeryxError ? { code: error.code, help: clean(error.help, redactor) } : {}),
    message: clean(error.message, redactor),
    ...(error.stack === undefined ? {} : { stack: clean(error.stack, redactor) }),
    ...(cause instanceof Error && depth < maxCauses
      ? { cause: toErrorFields(cause, redactor, depth + 1) }
      : {}),
  };
}
