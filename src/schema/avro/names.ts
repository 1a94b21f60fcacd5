import type { AvroPrimitive } from "./model.ts";

const part = /^[A-Za-z_][A-Za-z0-9_]*$/;
// What Java's library calls letters and digits, one UTF-16 unit at a time.
const anyPart = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
const beyondOneUnit = /[\u{10000}-\u{10ffff}]/u;
const primitives: ReadonlySet<string> = new Set<AvroPrimitive>([
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
]);
const complex: ReadonlySet<string> = new Set(["record", "error", "enum", "array", "map", "union", "fixed"]);

export function isPrimitive(name: string): name is AvroPrimitive {
  return primitives.has(name);
}

/** Names that mean a type of Avro itself, so that no definition may carry them without a namespace. */
export function isReserved(fullName: string): boolean {
  return primitives.has(fullName) || complex.has(fullName);
}

/** Which letters a name may have: those of the specification, or those that Avro's Java library takes. */
export type NameLetters = "ascii" | "any";

/** A name without dots. */
export function isSimpleName(name: string, letters: NameLetters = "ascii"): boolean {
  return part.test(name) || (letters === "any" && anyPart.test(name) && !beyondOneUnit.test(name));
}

/** Empty, or simple names joined by dots. */
export function isNamespace(namespace: string, letters: NameLetters = "ascii"): boolean {
  return namespace === "" || namespace.split(".").every((name) => isSimpleName(name, letters));
}

export interface AvroName {
  readonly name: string;
  readonly simpleName: string;
  readonly namespace: string;
}

// Work on names grows with the square of their parts; nobody writes a thousand characters.
const maxNameLength = 1_000;

/** A name with dots is complete; one without takes the given namespace. Undefined when it is no name. */
export function toFullName(
  name: string,
  namespace: string,
  letters: NameLetters = "ascii",
): AvroName | undefined {
  const dot = name.lastIndexOf(".");
  const space = dot < 0 ? namespace : name.slice(0, dot);
  const simpleName = name.slice(dot + 1);
  if (space.length + simpleName.length > maxNameLength) return undefined;
  if (!isSimpleName(simpleName, letters) || !isNamespace(space, letters)) return undefined;
  return { name: space === "" ? simpleName : `${space}.${simpleName}`, simpleName, namespace: space };
}
