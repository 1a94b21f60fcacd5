import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type { ImportExtension } from "./file-scope.ts";

const maxExtends = 20;

/**
 * How imports in generated files end. The nearest tsconfig.json decides: `.ts` where the compiler takes it, else
 * `.js`. Without one nothing compiles, Node runs the sources as they are, and that needs `.ts`.
 */
export function detectImportExtension(folder: string): ImportExtension {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const text = readText(join(at, "tsconfig.json"));
    if (text !== undefined) return takesTs(join(at, "tsconfig.json"), maxExtends) === true ? "ts" : "js";
    if (at === dirname(at)) return "ts";
  }
}

/** Undefined: neither this file nor those it extends say anything. */
function takesTs(path: string, left: number): boolean | undefined {
  const config = parseConfig(readText(path) ?? "");
  const options = config["compilerOptions"];
  const stated = (
    isObject(options)
      ? [options["allowImportingTsExtensions"], options["rewriteRelativeImportExtensions"]]
      : []
  ).filter((value) => typeof value === "boolean");
  if (stated.length > 0) return stated.includes(true);
  const bases = [config["extends"]].flat().filter((base) => typeof base === "string");
  if (left === 0) return undefined;
  // The last of a list wins.
  for (const base of bases.reverse()) {
    const found = baseOf(path, base);
    const answer = found === undefined ? undefined : takesTs(found, left - 1);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function baseOf(path: string, base: string): string | undefined {
  if (base.startsWith(".") || base.startsWith("/")) {
    const file = resolve(dirname(path), base);
    return file.endsWith(".json") ? file : `${file}.json`;
  }
  for (const request of [base, `${base}/tsconfig.json`, `${base}.json`])
    try {
      return createRequire(path).resolve(request);
    } catch {
      // Spelled another way, or not installed.
    }
  return undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A tsconfig allows comments and trailing commas. One that cannot be read says nothing: the compiler will complain. */
function parseConfig(text: string): JsonObject {
  const plain = text
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
      found.startsWith("/") ? " " : found,
    )
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (found) => (found === "," ? "" : found));
  try {
    const parsed: unknown = JSON.parse(plain.replace(/^\ufeff/, ""));
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
