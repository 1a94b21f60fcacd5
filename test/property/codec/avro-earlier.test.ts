import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { encodingText } from "../../../src/schema/avro/encoding-text.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";
import { type EarlierPair, generateEarlier } from "../../support/avro-earlier.ts";
import { mutate } from "../../support/mutations.ts";
import { randomFrom } from "../../support/protobuf-values.ts";

const count = 150;

describe("generated decoders of earlier Avro writers", function () {
  this.timeout(600_000);
  let pairs: readonly EarlierPair[] = [];
  let clean = (): void => undefined;

  before(async () => {
    const made = await generateEarlier(count, 7);
    pairs = made.pairs;
    clean = made.remove;
  });
  after(() => clean());

  it("give the interpreter's values, and refuse what it refuses", () => {
    let earlier = 0;
    for (const { writer, reader, texts, bytes, decode } of pairs) {
      const at = JSON.stringify(texts);
      expect(decode === undefined, at).equals(encodingText(writer) === encodingText(reader));
      if (decode === undefined) continue;
      earlier += 1;
      const interpret = createResolver(writer, reader);
      expect(
        answerOf(() => decode(bytes)),
        at,
      ).deep.equals(answerOf(() => interpret(bytes)));
      const random = randomFrom(earlier);
      for (let index = 0; index < 200; index += 1) {
        const mutated = mutate(random, bytes);
        expect(
          answerOf(() => decode(mutated)),
          at,
        ).deep.equals(answerOf(() => interpret(mutated)));
      }
    }
    expect(earlier).greaterThan(count / 4);
  });
});

/** A value, or the reason why there is none. */
function answerOf(work: () => unknown): unknown {
  try {
    return { value: work() };
  } catch (error) {
    expect(error).instanceOf(KeryxError);
    const { reason, path } = (error as KeryxError).details;
    return { reason, path };
  }
}
