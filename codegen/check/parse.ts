import { parseSchema } from "../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { SchemaFormat } from "../../src/core/event.ts";
import type { LockedReference } from "../model/lock.ts";
import { type BaselineVersion, textsOf } from "./baseline.ts";

/** A schema as it is registered. */
export interface WireText {
  readonly format: SchemaFormat;
  readonly schema: string;
  readonly references: readonly LockedReference[];
}

/** @param isReleased read with indulgence what a registry took already @throws KeryxError `schema_invalid` */
export function parseWire({ format, schema, references }: WireText, isReleased = false): ParsedSchema {
  const imports = [...textsOf(references)].map(([name, text]) => ({ name, text }));
  return parseSchema(
    { type: format === "avro" ? "AVRO" : "PROTOBUF", text: schema, imports },
    { isReleased },
  );
}

/** Parses versions when they are first needed, and once. */
export interface VersionReader {
  /** @throws KeryxError `baseline_unavailable` for a text that cannot be parsed: then there is no answer */
  read(version: BaselineVersion, subject: string): ParsedSchema;
}

export function createVersionReader(): VersionReader {
  const known = new Map<BaselineVersion, ParsedSchema>();
  return {
    read(version, subject) {
      const found = known.get(version) ?? readVersion(version, subject);
      known.set(version, found);
      return found;
    },
  };
}

function readVersion(version: BaselineVersion, subject: string): ParsedSchema {
  try {
    return parseWire(version, true);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KeryxError(
      "baseline_unavailable",
      `Version ${version.name} of ${subject} cannot be parsed: ${why}`,
      { cause },
    );
  }
}
