import { expect } from "chai";
import type { OffsetMap } from "../../../src/consumer/offset-map.ts";
import { decodeOffsetMap, encodeOffsetMap } from "../../../src/consumer/offset-map.ts";

const sealed = (bytes: readonly number[]): string => {
  const body = Buffer.from([...bytes, 0, 0, 0, 0]);
  body.writeUInt32BE(crcOf(body.subarray(0, -4)), body.length - 4);
  return `kx1.${body.toString("base64url")}`;
};

// Bit by bit, so that the codec is not its own judge.
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("The map of completed offsets in a commit", () => {
  const small: OffsetMap = { base: 100n, runs: [1, 2, 1, 1] };

  it("has two spellings, and both are read", () => {
    for (const text of ["kx1.AWQBAgEBwwgRVw", "kx1.AmQFFk0wNX8"])
      expect(decodeOffsetMap(text, 100n), text).to.deep.equal({ kind: "map", map: small });
    expect(sealed([1, 100, 1, 2, 1, 1])).to.equal("kx1.AWQBAgEBwwgRVw");
    expect(sealed([2, 100, 5, 0b10110])).to.equal("kx1.AmQFFk0wNX8");
  });

  it("is written in the shorter one, as runs where both are as long", () => {
    expect(encodeOffsetMap(small)).to.equal("kx1.AmQFFk0wNX8");
    expect(encodeOffsetMap({ base: 100n, runs: [1, 1] })).to.equal(sealed([1, 100, 1, 1]));
    expect(encodeOffsetMap({ base: 0n, runs: [1, 50_000] })).to.equal(sealed([1, 0, 1, 208, 134, 3]));
  });

  it("takes a few characters for one stuck record before fifty thousand, wherever they lie", () => {
    expect(encodeOffsetMap({ base: 7n, runs: [1, 50_000] })).to.have.length.below(20);
    const far = { base: 2n ** 62n, runs: [1, 50_000] };
    expect(encodeOffsetMap(far)).to.have.length.below(32);
    expect(decodeOffsetMap(encodeOffsetMap(far), far.base)).to.deep.equal({ kind: "map", map: far });
  });

  it("holds some eighteen thousand offsets in any order in three quarters of what brokers keep", () => {
    const runs = Array.from({ length: 18_300 }, () => 1);
    expect(encodeOffsetMap({ base: 1_000_000n, runs })).to.have.length.of.at.most(3_072);
  });

  const faults: readonly (readonly [string, string, string])[] = [
    ["another program's note", "member-1", "foreign"],
    ["bytes that are no text", "\u0000\ud800kx1.", "foreign"],
    ["a newer format", "kx2.AmQFFk0wNX8", "newer"],
    ["an encoding of a newer release", sealed([3, 100, 1]), "newer"],
    ["nothing behind the prefix", "kx1.", "corrupt"],
    ["a character that does not belong", "kx1.AmQFFk0wNX8=", "corrupt"],
    ["a character of the other base64", "kx1.AmQFFk0wNX+", "corrupt"],
    ["one bit that fell over", "kx1.AmQFFk0wNX9", "corrupt"],
    ["a cut end", "kx1.AmQFFk0wNX", "corrupt"],
    ["another offset's map", sealed([1, 99, 1, 2]), "misaligned"],
    ["no base", sealed([1]), "corrupt"],
    ["a base beyond 63 bits", sealed([1, ...Array(9).fill(255), 1]), "corrupt"],
    ["no runs", sealed([1, 100]), "corrupt"],
    ["a run of nothing", sealed([1, 100, 1, 0]), "corrupt"],
    ["an end that is not completed", sealed([1, 100, 1, 1, 1]), "corrupt"],
    ["a run that is cut", sealed([1, 100, 1, 200]), "corrupt"],
    ["a run beyond any log", sealed([1, 100, 1, ...Array(8).fill(255), 127]), "corrupt"],
    ["fewer bits than it says", sealed([2, 100, 9, 22]), "corrupt"],
    ["more bits than it says", sealed([2, 100, 5, 22, 0]), "corrupt"],
    ["bits behind the last", sealed([2, 100, 5, 0b110110]), "corrupt"],
    ["a completed base", sealed([2, 100, 5, 0b10111]), "corrupt"],
    ["a last bit that is not completed", sealed([2, 100, 5, 0b00110]), "corrupt"],
    ["a single bit", sealed([2, 100, 1, 1]), "corrupt"],
    ["no bits", sealed([2, 100]), "corrupt"],
  ];
  for (const [what, metadata, why] of faults)
    it(`is not taken for one: ${what}`, () => {
      expect(decodeOffsetMap(metadata, 100n)).to.deep.equal({ kind: "fault", why });
    });

  it("is none where nothing was written, and is not read beyond what any broker keeps", () => {
    expect(decodeOffsetMap("", 100n)).to.deep.equal({ kind: "none" });
    const huge = sealed([1, 100, ...Array(60_000).fill(1)]);
    expect(decodeOffsetMap(huge, 100n)).to.deep.equal({ kind: "fault", why: "corrupt" });
  });

  it("that would end behind the last offset there can be is refused", () => {
    const base = 2n ** 63n - 2n;
    const metadata = encodeOffsetMap({ base, runs: [1, 5] });
    expect(decodeOffsetMap(metadata, base)).to.deep.equal({ kind: "fault", why: "corrupt" });
  });
});
