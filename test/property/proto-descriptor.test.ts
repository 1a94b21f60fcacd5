import { expect } from "chai";
import fc from "fast-check";
import { linkProto } from "../../src/schema/proto-link.ts";
import { buildDescriptors } from "../support/proto-descriptors.ts";
import { protoFiles } from "../support/proto-files.ts";
import { wordsOf } from "../support/proto-words.ts";

describe("generated .proto files", () => {
  it("say the same as text and as descriptor", function () {
    this.timeout(120_000);
    const texts = new Map(
      fc
        .sample(protoFiles(), { numRuns: 500, seed: 4 })
        .map((text, index) => [`f${index}.proto`, text.replaceAll("generated.here", `generated.h${index}`)]),
    );
    const descriptors = buildDescriptors(texts);
    for (const [path, text] of texts) {
      const descriptor = descriptors.get(path) ?? "";
      expect(wordsOf(linkProto({ text: descriptor }, new Map())), text).to.deep.equal(
        wordsOf(linkProto({ text }, new Map())),
      );
    }
  });
});
