import { expect } from "chai";
import { readKey, readOwnString, readString } from "../../../src/codec/avro-values.ts";
import { createReader } from "../../../src/codec/reader.ts";
import { createScratch } from "../../../src/codec/scratch.ts";
import { createWriter, finishWriting, writeString } from "../../../src/codec/writer.ts";

function payloadOf(texts: readonly string[]): Uint8Array {
  const writer = createWriter(0);
  for (const text of texts) writeString(writer, text, "text");
  return finishWriting(writer).slice();
}

/** Texts of every length around the limits at which they are read in another way, ASCII and not. */
const texts = Array.from({ length: 130 }, (_, length) => [
  "abcdefghij".repeat(13).slice(0, length),
  `${"k".repeat(length)}ż`,
  `😀${"k".repeat(length)}`,
]).flat();

describe("text of a payload", () => {
  it("is the same however long it is, and whether it owns its memory or not", () => {
    for (const read of [readString, readOwnString, readKey]) {
      const reader = createReader(payloadOf(texts));
      expect(texts.map(() => read(reader))).deep.equals(texts);
      expect(reader.position).equals(reader.end);
      // At the very end of a payload, too, where nothing follows.
      for (const text of texts.slice(0, 60)) expect(read(createReader(payloadOf([text])))).equals(text);
    }
  });

  it("is refused when it is not UTF-8, as a key, too", () => {
    for (const read of [readString, readOwnString, readKey])
      for (const bytes of [
        [2, 0xff],
        [4, 0x61, 0xc3],
        [8, 0x61, 0x61, 0xed, 0xa0],
      ])
        expect(() => read(createReader(Uint8Array.from(bytes)))).throws("[decode_failed]");
  });

  it("keeps a replacement character that was written, and is refused with a stray byte behind it", () => {
    for (const read of [readString, readOwnString, readKey])
      for (const text of ["\ufffd", `${"k".repeat(40)}\ufffd`]) {
        const payload = payloadOf([text]);
        expect(read(createReader(payload))).equals(text);
        payload[0] = (payload[0] ?? 0) + 2;
        expect(() => read(createReader(Uint8Array.from([...payload, 0x80])))).throws("[decode_failed]");
      }
  });

  it("as a key is told apart from every key that came before, also from those that look alike", () => {
    const scratch = createScratch();
    // First character, last one and length are equal: such keys compete for one place.
    const alike = ["a1z", "a2z", "a3z", "aéz", "a1z", "a2z", "__proto__", "", "a1z", "k".repeat(200)];
    for (let round = 0; round < 3; round += 1) {
      const reader = createReader(payloadOf([...alike, ...texts]), scratch);
      expect([...alike, ...texts].map(() => readKey(reader))).deep.equals([...alike, ...texts]);
    }
  });

  it("as a key is kept only while it is short, and only in so many places", () => {
    const scratch = createScratch();
    const keys = Array.from(
      { length: 5_000 },
      (_, count) => `${count.toString(36)}-${"x".repeat(count % 40)}`,
    );
    const reader = createReader(payloadOf(keys), scratch);
    for (const key of keys) expect(readKey(reader)).equals(key);
    expect(scratch.keys.length).within(1, 64);
    for (const key of scratch.keys) expect(key?.length ?? 0).within(0, 24);
  });
});
