import { type Dialect, findDialect } from "../../src/compatibility/dialects.ts";
import type { Verdict } from "../../src/compatibility/difference.ts";
import { checkCompatibility, type Question } from "../../src/compatibility/engine.ts";
import { parseSchema } from "../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import type { CompatibilityLevel } from "../../src/core/event.ts";

/** A known dialect. */
export function dialectOf(name = "confluent-8"): Dialect {
  const dialect = findDialect(name);
  if (dialect === undefined) throw new Error(`${name} is unknown`);
  return dialect;
}

/** A record of the given name with the given fields, each as JSON. */
export function record(...fields: readonly string[]): ParsedSchema {
  return avro(`{"type": "record", "name": "R", "fields": [${fields.join(", ")}]}`);
}

export function avro(text: string): ParsedSchema {
  return parseSchema({ type: "AVRO", text });
}

/** A proto3 file in the package `p`. */
export function proto(body: string): ParsedSchema {
  return parseSchema({ type: "PROTOBUF", text: `syntax = "proto3"; package p; ${body}` });
}

/** The answer for a history, oldest first. */
export function check(
  history: readonly (ParsedSchema | Question["history"][number])[],
  schema: ParsedSchema,
  level: CompatibilityLevel,
  rest: Partial<Question> = {},
): Verdict {
  const entries = history.map((one) => ("type" in one ? { schema: one } : one));
  return checkCompatibility({ history: entries, schema, level, dialect: dialectOf(), ...rest });
}

/** What fails: direction, index of the old version, kind and path. */
export function failures({ registry }: Verdict): string[] {
  return registry.differences
    .filter(({ compatible }) => !compatible)
    .map(({ direction, against, kind, path }) => `${direction} ${against} ${kind} ${path}`);
}
