import { checkCompatibility } from "../../../src/compatibility/engine.ts";
import { parseSchema, type SchemaImport } from "../../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../../src/compatibility/parsed.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { showJsonLine } from "../../diagnostics-print.ts";
import type { ExitCode, Io } from "../command.ts";
import { toAnswer, toRefusal } from "./answer.ts";
import { createParsedCache, type ParsedCache } from "./cache.ts";
import { type InputLine, readLines } from "./lines.ts";
import { type CompatSettings, toDialect, toLevel, toType } from "./settings.ts";

/** Longest line of a batch; room for sixteen schemas of the largest size. */
export const maxLineBytes = 16_777_216;
const maxHeldCharacters = 65_536;

/** Answers questions from standard input, a line each, in their order. 0 when each of them got a verdict, else 1. */
export async function runBatch(settings: CompatSettings, io: Io): Promise<ExitCode> {
  if (io.input === undefined)
    throw new KeryxError("usage", "There is no standard input to read questions from.");
  const cache = createParsedCache();
  let isComplete = true;
  let held = "";
  const send = async (): Promise<boolean> => {
    io.out(held);
    held = "";
    return (await io.drained?.()) ?? true;
  };
  for await (const lines of readLines(io.input, maxLineBytes)) {
    for (const line of lines) {
      if (line.kind === "text" && line.text.trim() === "") continue;
      const answer = answerLine(line, settings, cache);
      isComplete &&= answer.isJudged;
      held += `${answer.text}\n`;
      // Nothing more is read while nobody takes the answers.
      if (held.length > maxHeldCharacters && !(await send())) return 1;
    }
    if (held !== "" && !(await send())) return 1;
  }
  return isComplete ? 0 : 1;
}

interface Answered {
  readonly text: string;
  readonly isJudged: boolean;
}

type Id = string | number | boolean | null;

function answerLine(line: InputLine, settings: CompatSettings, cache: ParsedCache): Answered {
  let id: Id = null;
  try {
    const members = readMembers(line);
    id = readId(members.get("id"));
    const verdict = checkCompatibility(readQuestion(members, settings, cache));
    return { text: showJsonLine({ id, ...toAnswer(verdict) }), isJudged: true };
  } catch (thrown) {
    return { text: showJsonLine({ id, error: toRefusal(KeryxError.from(thrown)) }), isJudged: false };
  }
}

/** By name, so that no member of a hostile line is taken for a property of every object. */
function readMembers(line: InputLine): ReadonlyMap<string, unknown> {
  if (line.kind === "too-long") throw refuse(`The line is longer than ${maxLineBytes} bytes.`);
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    throw refuse("The line is not JSON.");
  }
  const members = toMembers(value);
  if (members === undefined) throw refuse("The line is not a JSON object.");
  return members;
}

function toMembers(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}

function readId(value: unknown): Id {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw refuse("`id` is text or a number.");
}

function readQuestion(
  members: ReadonlyMap<string, unknown>,
  settings: CompatSettings,
  cache: ParsedCache,
): Parameters<typeof checkCompatibility>[0] {
  const level = textOf(members, "level");
  const dialect = textOf(members, "dialect");
  const type = textOf(members, "type") ?? settings.type;
  if (type === undefined) throw refuse("`type` is missing: AVRO or PROTOBUF.");
  const schemaType = toType(type, "type");
  const asked = {
    level: level === undefined ? settings.level : toLevel(level, "level"),
    dialect: dialect === undefined ? settings.dialect : toDialect(dialect, "dialect"),
  };
  const old = members.get("old");
  if (!Array.isArray(old) || !old.every((text) => typeof text === "string"))
    throw refuse("`old` is a list of schema texts, oldest first.");
  const young = textOf(members, "new");
  if (young === undefined) throw refuse("`new` is missing: the text of the new schema.");
  const imports = readImports(members.get("imports"));
  const shared = JSON.stringify([schemaType, ...imports.map(({ name, text }) => [name, text])]);
  const parse = (text: string, name: string, isReleased: boolean): ParsedSchema =>
    inText(name, () =>
      cache.get(`${isReleased}${shared}${text}`, () =>
        parseSchema({ type: schemaType, text, imports }, { isReleased }),
      ),
    );
  return {
    ...asked,
    history: old.map((text, index) => ({ schema: parse(text, `old[${index}]`, true) })),
    schema: parse(young, "new", false),
  };
}

/** Which of the line's texts a refusal is about; one of an import names that itself. */
function inText<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KeryxError) || error.details["file"] !== undefined) throw error;
    throw new KeryxError(error.code, String(error.details["message"] ?? error.message), {
      cause: error,
      details: { ...error.details, file: name },
    });
  }
}

function textOf(members: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = members.get(name);
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  throw refuse(`\`${name}\` is text.`);
}

function readImports(value: unknown): readonly SchemaImport[] {
  if (value === undefined || value === null) return [];
  return [...(toMembers(value) ?? [["", undefined] as const])].map(([name, text]) => {
    if (typeof text !== "string") throw refuse("`imports` is an object of texts by import path.");
    return { name, text };
  });
}

function refuse(message: string): KeryxError {
  return new KeryxError("usage", message, { details: { message } });
}
