import type { EventType } from "../../core/event.ts";
import { asBuffer } from "../../core/record.ts";
import type { Redactor } from "../../core/redact.ts";
import { maskShared } from "../../core/redact.ts";
import type { Failure } from "../steps/classify.ts";

const maxTexts = 1_000;

/** A failure as it may leave the process: without secrets and without the event's sensitive values. */
export function redactFailure(
  failure: Failure,
  redactor: Redactor,
  event: EventType | undefined,
  value: unknown,
): Failure {
  const texts = event && event.sensitive.length > 0 ? collectSensitive(event.sensitive, value) : [];
  const clean = (text: string): string => maskShared(redactor.redact(text), texts);
  const stack = failure.thrown instanceof Error ? (failure.thrown.stack ?? "") : "";
  const shown = [failure.reason, failure.code, failure.error, stack];
  if (shown.every((text) => clean(text) === text)) return failure;
  const reason = clean(failure.reason);
  return {
    ...failure,
    code: clean(failure.code),
    error: clean(failure.error),
    reason,
    // The thrown error itself would tell in a log what the reason no longer tells.
    ...(failure.thrown === undefined ? {} : { thrown: toCleanError(failure.thrown, reason, clean) }),
  };
}

function toCleanError(thrown: unknown, reason: string, clean: (text: string) => string): Error {
  const error = new Error(reason);
  if (thrown instanceof Error) {
    error.name = clean(thrown.name);
    if (thrown.stack !== undefined) error.stack = clean(thrown.stack);
  }
  return error;
}

/** The texts that sensitive fields hold, in every spelling an error message is likely to show them. */
export function collectSensitive(paths: readonly string[], value: unknown): readonly string[] {
  const texts: string[] = [];
  for (const path of paths) visit(value, path.split("."), texts);
  return texts;
}

function visit(value: unknown, path: readonly string[], texts: string[]): void {
  if (value === null || value === undefined || texts.length >= maxTexts) return;
  const [name, ...rest] = path;
  if (name === undefined) addLeaves(value, texts, 0);
  else if (typeof value !== "object") return;
  else if (!Array.isArray(value) && Object.hasOwn(value, name)) visit(Reflect.get(value, name), rest, texts);
  // Items of lists and maps, and unions that carry their kind beside the value, are one step further down.
  else for (const item of Object.values(value)) if (typeof item === "object") visit(item, path, texts);
}

function addLeaves(value: unknown, texts: string[], depth: number): void {
  if (value === null || value === undefined || texts.length >= maxTexts || depth > 20) return;
  if (value instanceof Date) texts.push(String(value), value.toJSON() ?? "", String(value.getTime()));
  else if (value instanceof Uint8Array) {
    const bytes = asBuffer(value);
    texts.push(bytes.toString("utf8"), bytes.toString("hex"), bytes.toString("base64"));
  } else if (typeof value === "object")
    for (const item of Object.values(value)) addLeaves(item, texts, depth + 1);
  else if (typeof value !== "function") texts.push(String(value));
}
