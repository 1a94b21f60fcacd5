import { KeryxError } from "../core/errors.ts";
import type { JsonPath } from "./avro/model.ts";

/** Bounds on a schema text; each can be set, none can be switched off. */
export interface SchemaLimits {
  /** Size of one text in UTF-8. Default 1 MiB. */
  readonly textBytes: number;
  /** Types inside types. Default 64. */
  readonly depth: number;
  /** Fields of one type. Default 5,000. */
  readonly fields: number;
  /** Symbols of one enum. Default 10,000. */
  readonly symbols: number;
  /** Other schemas that one refers to, indirectly too. Default 200. */
  readonly references: number;
  /** Braces and brackets inside each other, in any JSON. Default 512: four for each level of types, and slack. */
  readonly jsonDepth: number;
  /** Nodes of all default values together, absent members filled in. Default 100,000. */
  readonly defaultNodes: number;
}

export const schemaLimits: SchemaLimits = {
  textBytes: 1_048_576,
  depth: 64,
  fields: 5_000,
  symbols: 10_000,
  references: 200,
  jsonDepth: 512,
  defaultNodes: 100_000,
};

/** A refusal of a schema text at a place; line and column count from 1. `details.fault` names what it is about, where that matters. */
export function schemaError(
  message: string,
  at: { readonly line: number; readonly column: number },
  path: JsonPath,
  details: Readonly<Record<string, unknown>> = {},
): KeryxError {
  return new KeryxError("schema_invalid", `${at.line}:${at.column}: ${message}`, {
    details: { ...details, path, line: at.line, column: at.column, message },
  });
}

/** The same refusal, with the file that it stands in. */
export function inFile(path: string | undefined, error: KeryxError): KeryxError {
  if (path === undefined || error.code !== "schema_invalid") return error;
  const { line, column, message } = error.details;
  return new KeryxError("schema_invalid", `${quote(path)}:${line}:${column}: ${message}`, {
    details: { ...error.details, file: path },
    cause: error,
  });
}

/** Marks a refusal: a limit was exceeded, or a name is not one. */
export const limitFault: { readonly fault: "limit" } = { fault: "limit" };
export const nameFault: { readonly fault: "name" } = { fault: "name" };

/** Text from a schema inside a message: quoted, escaped, and cut to a length that a line can bear. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
