import { randomBytes } from "node:crypto";
import { expect } from "chai";
import kafkajs from "kafkajs";
import { murmur2, partitionOfKey } from "../../../src/transport/partitioner.ts";

describe("partitioner", () => {
  for (const [key, hash] of [
    ["21", -973932308],
    ["foobar", -790332482],
    ["abc", 479470107],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
  ] as const)
    it(`hashes "${key}" as Java does`, () => {
      expect(murmur2(Buffer.from(key))).to.equal(hash);
    });

  for (const partitions of [3, 4, 6, 12, 50])
    it(`puts 20,000 random keys where Java puts them, on ${partitions} partitions`, () => {
      const reference = kafkajs.Partitioners.JavaCompatiblePartitioner();
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        leader: 1,
      }));
      for (let i = 0; i < 20_000; i++) {
        const key = randomBytes(i % 40);
        const expected = reference({
          topic: "t",
          partitionMetadata: partitionMetadata as never,
          message: { key, value: null },
        });
        if (partitionOfKey(key, partitions) !== expected) expect.fail(`key ${key.toString("hex")}`);
      }
    });

  it("takes a view into a larger buffer for what it shows", () => {
    const whole = Buffer.from("xxfoobarxx");
    expect(murmur2(new Uint8Array(whole.buffer, whole.byteOffset + 2, 6))).to.equal(-790332482);
  });
});
