import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linkProto } from "../../../src/schema/proto/link.ts";
import type { ProtoSchema } from "../../../src/schema/proto/schema.ts";
import { generateCase } from "./generate.ts";
import type { CaseFile } from "./model.ts";
import { mutateCase } from "./mutate.ts";
import { type CaseTexts, printCase } from "./print.ts";
import { createRandom } from "./random.ts";

/** A schema and what became of it. Each pair has a package of its own, so that many fit into one image. */
export interface CasePair {
  readonly name: string;
  /** What was changed, in order. */
  readonly changes: readonly string[];
  readonly older: CaseFile;
  readonly newer: CaseFile;
}

/** The same pairs for the same seed. */
export function generatePairs(count: number, seed: number): readonly CasePair[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const name = `p${index}`;
    const older = generateCase(random, name);
    const newer = structuredClone(older);
    return { name, changes: mutateCase(random, newer), older, newer };
  });
}

/** Texts under the paths that the files of a pair have in a folder. */
export function textsOf(
  name: string,
  file: CaseFile,
): CaseTexts & { readonly path: string; readonly importPath: string } {
  const importPath = `${name}_common.proto`;
  return { ...printCase(file, importPath), path: `${name}.proto`, importPath };
}

export function linkCase(name: string, file: CaseFile): ProtoSchema {
  const { text, imported, importPath } = textsOf(name, file);
  return linkProto({ text }, new Map(imported === undefined ? [] : [[importPath, { text: imported }]]));
}

/** Writes one side of the pairs to a folder, for a compiler to read. */
export function writeSide(folder: string, pairs: readonly CasePair[], side: "older" | "newer"): void {
  mkdirSync(folder, { recursive: true });
  for (const pair of pairs) {
    const { path, text, importPath, imported } = textsOf(pair.name, pair[side]);
    writeFileSync(join(folder, path), text);
    if (imported !== undefined) writeFileSync(join(folder, importPath), imported);
  }
}
