import fc from "fast-check";
import type { SchemaSource } from "../../src/compatibility/parse.ts";
import { generatePair, type Texts } from "./avro-pairs.ts";
import { generatePairs, textsOf } from "./proto-cases/pairs.ts";

/** Two schemas as texts with their imports, the second a changed copy of the first. */
export interface SourcePair {
  readonly older: Required<SchemaSource>;
  readonly newer: Required<SchemaSource>;
}

/** The same pairs for the same seed, half of them in each format. */
export function sourcePairs(count: number, seed: number): readonly SourcePair[] {
  const half = Math.ceil(count / 2);
  const avro = fc.sample(
    fc.gen().map((g) => generatePair(g)),
    { numRuns: half, seed },
  );
  return [
    ...avro.map(({ older, newer }): SourcePair => ({ older: toAvro(older), newer: toAvro(newer) })),
    ...generatePairs(count - half, seed).map(({ name, older, newer }): SourcePair => {
      const toSource = (file: typeof older): Required<SchemaSource> => {
        const { text, imported, importPath } = textsOf(name, file);
        return {
          type: "PROTOBUF",
          text,
          imports: imported === undefined ? [] : [{ name: importPath, text: imported }],
        };
      };
      return { older: toSource(older), newer: toSource(newer) };
    }),
  ];
}

function toAvro(texts: Texts): Required<SchemaSource> {
  const imports = texts.slice(0, -1).map((text) => ({ name: fullNameOf(JSON.parse(text)), text }));
  return { type: "AVRO", text: texts.at(-1) ?? "", imports };
}

/** Of what a text defines, be it valid or not. */
function fullNameOf({ name = "unnamed", namespace = "" }: { name?: string; namespace?: string }): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}
