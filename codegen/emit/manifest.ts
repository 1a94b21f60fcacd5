import { hash } from "node:crypto";
import { compare } from "../model/order.ts";
import type { OutputFile } from "./output.ts";

/** Where the manifest lies, inside the output folder. */
export const manifestPath = ".keryx-manifest.json";

/** What the generator wrote, and from what: how it knows its own files and what need not be printed again. */
export interface Manifest {
  /** Name and version of the generator. */
  readonly generator: string;
  /** Hash of everything that the run read: the same one again means the same output. Empty: it does not tell. */
  readonly origin: string;
  /** Input files by path, with the hash of their text. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Generated files by path: the hash of their text, and of all that it was printed from. */
  readonly files: ReadonlyMap<string, ManifestFile>;
  /** Events whose codec is not straight-line code, with the reason. */
  readonly fallbacks: ReadonlyMap<string, string>;
}

export interface ManifestFile {
  readonly hash: string;
  readonly from: string;
}

/** SHA-256 in lower-case hex. Line ends do not count, so that a checkout with others gives the same. */
export function hashText(text: string): string {
  return hash("sha256", text.replaceAll("\r\n", "\n"));
}

/** The manifest as a file of the output. */
export function printManifest(manifest: Manifest): OutputFile {
  const value = {
    generator: manifest.generator,
    origin: manifest.origin,
    inputs: sorted(manifest.inputs),
    files: sorted(manifest.files),
    fallbacks: sorted(manifest.fallbacks),
  };
  return { path: manifestPath, text: `${JSON.stringify(value, undefined, 2)}\n` };
}

function sorted<T>(map: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...map].sort(([left], [right]) => compare(left, right)));
}

/** Reads a manifest; anything in it that is not as we write it counts as absent. */
export function parseManifest(text: string): Manifest {
  const value = readObject(text);
  const texts = (key: string): Map<string, string> =>
    new Map(
      entriesOf(value.get(key)).flatMap(([name, item]) => (typeof item === "string" ? [[name, item]] : [])),
    );
  const files = entriesOf(value.get("files")).flatMap(([path, item]): [string, ManifestFile][] => {
    const { hash, from } = Object.fromEntries(entriesOf(item));
    return typeof hash === "string" && typeof from === "string" ? [[path, { hash, from }]] : [];
  });
  const textOf = (key: string): string => {
    const text = value.get(key);
    return typeof text === "string" ? text : "";
  };
  return {
    generator: textOf("generator"),
    origin: textOf("origin"),
    inputs: texts("inputs"),
    files: new Map(files),
    fallbacks: texts("fallbacks"),
  };
}

function readObject(text: string): ReadonlyMap<string, unknown> {
  try {
    return new Map(entriesOf(JSON.parse(text)));
  } catch {
    return new Map();
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
