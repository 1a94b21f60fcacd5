import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { linkProto, type ProtoSource } from "../../../src/schema/proto-link.ts";
import type { ProtoSchema } from "../../../src/schema/proto-schema.ts";
import { buildDescriptors } from "../../support/proto-descriptors.ts";
import { wordsOf } from "../../support/proto-words.ts";

const root = join(import.meta.dirname, "../../..");

function readFolder(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".proto"))
    .map((path) => [path.replaceAll("\\", "/"), readFileSync(join(folder, path), "utf8")]);
}

function link(path: string, texts: ReadonlyMap<string, string>): ProtoSchema {
  const sources = new Map([...texts].map(([name, text]): [string, ProtoSource] => [name, { text }]));
  return linkProto({ text: texts.get(path) ?? "" }, sources);
}

describe("reading descriptors", () => {
  for (const [what, folders] of [
    ["the parser's own", ["test/unit/schema/proto"]],
    ["the project's", ["schemas"]],
    ["the torture", ["schemas", "test/golden/torture/schemas"]],
  ] as const) {
    const texts = new Map(folders.flatMap((folder) => readFolder(join(root, folder))));
    let descriptors = new Map<string, string>();
    before(function () {
      this.timeout(60_000);
      descriptors = buildDescriptors(texts);
    });
    for (const path of texts.keys())
      it(`finds in the descriptor of ${path}, one of ${what} schemas, what the text says`, () => {
        // Only the parser's samples import a file that registries do not know.
        const all = new Map([...descriptors].filter(([name]) => name.endsWith("java_features.proto")));
        const fromText = link(path, new Map([...all, ...texts]));
        const fromDescriptor = link(path, descriptors);
        expect(wordsOf(fromDescriptor)).to.deep.equal(wordsOf(fromText));
        for (const name of fromText.imports.keys())
          if (texts.has(name)) expect(wordsOf(fromDescriptor, name)).to.deep.equal(wordsOf(fromText, name));
      });
  }
});
