import { type Dialect, findDialect, knownDialects } from "../../../src/compatibility/dialects.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { type CompatibilityLevel, compatibilityLevels } from "../../../src/core/event.ts";
import type { CommandOptions, Io } from "../command.ts";
import { dialectOf } from "../dialect.ts";

export type SchemaType = "AVRO" | "PROTOBUF";

/** What the flags of `keryx compat` say. */
export interface CompatSettings {
  readonly level: CompatibilityLevel;
  readonly dialect: Dialect;
  /** The verdicts that decide the exit code. */
  readonly verdicts: readonly ("registry" | "wire")[];
  /** Absent: each file's name tells. */
  readonly type?: SchemaType;
}

/** @throws KeryxError `usage` for an unknown word, `config_invalid` when the dialect cannot be read from keryx.yaml */
export function readCompatSettings(options: CommandOptions, io: Io): CompatSettings {
  const level = options.level === undefined ? "BACKWARD" : toLevel(options.level, "--level");
  const verdict = options.verdict ?? "both";
  if (verdict !== "registry" && verdict !== "wire" && verdict !== "both")
    throw unknown("--verdict", verdict, "registry, wire or both");
  const type = options.type === undefined ? undefined : toType(options.type, "--type");
  return {
    level,
    dialect: options.dialect === undefined ? ownDialect(io) : toDialect(options.dialect, "--dialect"),
    verdicts: verdict === "both" ? ["registry", "wire"] : [verdict],
    ...(type === undefined ? {} : { type }),
  };
}

/** @throws KeryxError `usage` */
export function toLevel(text: string, where: string): CompatibilityLevel {
  const level = compatibilityLevels.find((one) => one === text);
  if (level === undefined) throw unknown(where, text, compatibilityLevels.join(", "));
  return level;
}

/** @throws KeryxError `usage` */
export function toDialect(text: string, where: string): Dialect {
  const dialect = findDialect(text);
  if (dialect === undefined) throw unknown(where, text, knownDialects);
  return dialect;
}

/** @throws KeryxError `usage` */
export function toType(text: string, where: string): SchemaType {
  if (text !== "AVRO" && text !== "PROTOBUF") throw unknown(where, text, "AVRO or PROTOBUF");
  return text;
}

function unknown(where: string, text: string, known: string): KeryxError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return new KeryxError("usage", `${where}: ${shown} is not known.`, { help: `Known: ${known}.` });
}

/** The dialect of the project around the working directory, where there is one, else the default. */
function ownDialect(io: Io): Dialect {
  try {
    return dialectOf(loadConfig({ cwd: io.cwd, environment: io.env }));
  } catch (error) {
    const { message, details } = KeryxError.from(error);
    // Guessing would answer for another registry than the project's.
    throw new KeryxError("config_invalid", message.replace(/^\[\w+\] /, ""), {
      cause: error,
      details,
      help: "Correct the setting, or name the registry with `--dialect`; then keryx.yaml is not read.",
    });
  }
}
