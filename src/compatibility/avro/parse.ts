import { KeryxError } from "../../core/errors.ts";
import type { AvroNamedType } from "../../schema/avro/model.ts";
import { type AvroNames, collectAvroNames } from "../../schema/avro/references.ts";
import { type AvroSchema, parseAvro } from "../../schema/avro.ts";
import { inFile, limitFault, type SchemaLimits, schemaError } from "../../schema/limits.ts";

/** A text that another one refers to. */
export interface AvroImport {
  /** Full name of the type that is referred to. */
  readonly name: string;
  readonly text: string;
}

export interface AvroReading {
  /** In any order; one text may define several types, and is found by each. */
  readonly listed: readonly AvroImport[];
  /** Gives what the list lacks; asked once for each name. */
  readonly find: (name: string) => AvroImport | undefined;
  readonly limits: SchemaLimits;
  readonly ignoreDefaults: boolean;
}

/**
 * Parses an Avro schema with the imports that it reaches, each of them once. In a circle of imports one comes too
 * early, and its refusal says which name is missing.
 * @throws KeryxError `schema_invalid`; `file` names the import, `missing` a type that is not there
 */
export function parseAvroWith(text: string, reading: AvroReading): AvroSchema {
  const { limits, ignoreDefaults } = reading;
  const named = new Map<string, AvroNamedType>();
  const parse = (one: string): AvroSchema =>
    parseAvro(one, { named, limits, ignoreDefaults, asRegistered: true });
  try {
    return parse(text);
  } catch (error) {
    if (!isRefusal(error) || typeof error.details["missing"] !== "string") throw error;
  }
  for (const one of orderImports(text, reading))
    for (const [name, type] of within(one, parse).named) named.set(name, type);
  return parse(text);
}

export function isRefusal(error: unknown): error is KeryxError {
  return error instanceof KeryxError && error.code === "schema_invalid";
}

function within<T>({ name, text }: AvroImport, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    throw isRefusal(error) ? inFile(name, error) : error;
  }
}

interface Opened {
  readonly one?: AvroImport;
  readonly names: AvroNames;
  next: number;
}

/** What the text reaches, each import behind those that it refers to itself. */
function orderImports(text: string, reading: AvroReading): readonly AvroImport[] {
  const { limits } = reading;
  const scan = (one: string): AvroNames => collectAvroNames(one, limits);
  const lookUp = createLookUp(reading, scan);
  const ordered: AvroImport[] = [];
  const seen = new Set<AvroImport>();
  // A stack of our own: a chain of imports may be longer than the one of the machine.
  const open: Opened[] = [{ names: scan(text), next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const meanings = top.names.used[top.next++];
    if (meanings === undefined) {
      if (top.one !== undefined) ordered.push(top.one);
      open.pop();
      continue;
    }
    const { defined } = top.names;
    if (meanings.some((name) => defined.has(name))) continue;
    const one = lookUp(meanings);
    if (one === undefined || seen.has(one)) continue;
    if (seen.size >= limits.references)
      throw schemaError(`More than ${limits.references} schemas are referred to.`, start, [], {
        ...limitFault,
        missing: meanings[0],
      });
    seen.add(one);
    open.push({ one, names: within(one, scan), next: 0 });
  }
  return ordered;
}

const start = { line: 1, column: 1 };

function createLookUp(
  { listed, find }: AvroReading,
  scan: (text: string) => AvroNames,
): (meanings: readonly string[]) => AvroImport | undefined {
  const known = new Map<string, AvroImport | undefined>(listed.map((one) => [one.name, one]));
  let definedBy: ReadonlyMap<string, AvroImport> | undefined;
  const get = (name: string): AvroImport | undefined => {
    if (known.has(name)) return known.get(name);
    definedBy ??= indexByDefinition(listed, scan);
    const found = definedBy.get(name) ?? find(name);
    known.set(name, found);
    return found;
  };
  return (meanings) => {
    for (const name of meanings) {
      const found = get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function indexByDefinition(
  listed: readonly AvroImport[],
  scan: (text: string) => AvroNames,
): ReadonlyMap<string, AvroImport> {
  const index = new Map<string, AvroImport>();
  for (const one of listed)
    try {
      for (const name of scan(one.text).defined) if (!index.has(name)) index.set(name, one);
    } catch (error) {
      // One that is no JSON defines nothing; whether it is needed at all is not known yet.
      if (!isRefusal(error)) throw error;
    }
  return index;
}
