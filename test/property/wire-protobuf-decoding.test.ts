import { createFileRegistry, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { judgeProtobufWire } from "../../src/compatibility/wire-protobuf.ts";
import { buildSides } from "../support/proto-cases/buf.ts";
import { findLoss } from "../support/proto-cases/meaning.ts";
import { messagesOf } from "../support/proto-cases/model.ts";
import { type CasePair, generatePairs, linkCase } from "../support/proto-cases/pairs.ts";
import { createRandom } from "../support/proto-cases/random.ts";
import { generateMessage } from "../support/proto-cases/values.ts";

const seed = 23;

const directions = [
  { direction: "backward", writer: "older", reader: "newer" },
  { direction: "forward", writer: "newer", reader: "older" },
] as const;

describe("bytes that protobuf-es writes under one schema and reads under another", () => {
  it("keep their meaning wherever the wire verdict is safe", function () {
    this.timeout(600_000);
    const pairs = generatePairs(2_300, seed);
    const sides = buildSides(pairs);
    const types = {
      older: createFileRegistry(fromBinary(FileDescriptorSetSchema, sides.older)),
      newer: createFileRegistry(fromBinary(FileDescriptorSetSchema, sides.newer)),
    };
    const random = createRandom(seed);
    const losses: string[] = [];
    const seen = { safe: 0, values: 0, unsafeWithLoss: 0 };
    for (const pair of pairs)
      for (const { direction, writer, reader } of directions) {
        const isSafe = judgeProtobufWire(
          linkCase(pair.name, pair[writer]),
          linkCase(pair.name, pair[reader]),
          direction,
        ).every(({ severity }) => severity === "warning");
        if (isSafe) seen.safe++;
        const found = messagesOf(pair[writer]).flatMap(({ path }) => {
          const from = types[writer].getMessage(`${pair[writer].package}.${path}`);
          const to = types[reader].getMessage(`${pair[reader].package}.${path}`);
          if (from === undefined || to === undefined) return [];
          return Array.from({ length: 3 }, () => {
            const loss = exchange(from, to, random);
            if (loss !== "nothing to write") seen.values++;
            return loss;
          });
        });
        const lost = found.filter((loss) => loss !== undefined && loss !== "nothing to write");
        if (isSafe) losses.push(...lost.map((loss) => describeLoss(pair, direction, loss)));
        else if (lost.length > 0) seen.unsafeWithLoss++;
      }
    expect(losses.slice(0, 10), `${losses.length} in all`).to.deep.equal([]);
    // Neither the verdict nor the comparison of values finds everything in order.
    expect(seen.safe).to.be.greaterThan(2_000);
    expect(seen.values).to.be.greaterThan(10_000);
    expect(seen.unsafeWithLoss).to.be.greaterThan(500);
  });
});

function describeLoss({ name, changes }: CasePair, direction: string, loss: string | undefined): string {
  return `${name}, ${direction} (${changes.join("; ")}): ${loss}`;
}

/** What gets lost when a random value is written as one type and read as the other. */
function exchange(
  from: DescMessage,
  to: DescMessage,
  random: ReturnType<typeof createRandom>,
): string | undefined {
  const written = generateMessage(random, from);
  if (written === undefined) return "nothing to write";
  const bytes = toBinary(from, written.message);
  try {
    return findLoss(written, reflect(to, fromBinary(to, bytes)));
  } catch (error) {
    return `refused: ${String(error)}`;
  }
}
