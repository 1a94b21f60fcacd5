/** Beginnings that lead to a length or a count: none, an Avro branch or count, Protobuf tags of fields with a length. */
const beginnings: readonly (readonly number[])[] = [
  [],
  [0],
  [2],
  [0x0a],
  [0x12],
  [0x1a],
  [0x72],
  [0x7a],
  [0x22, 0x7f],
];

/** Numbers that nobody means: 2^31 and its neighbours in both spellings, negative, too long, cut off. */
const numbers: readonly (readonly number[])[] = [
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xfe, 0xff, 0xff, 0xff, 0x1f],
  [0x01],
  [...Array<number>(9).fill(0xff), 0x01],
  [...Array<number>(10).fill(0x80), 0x01],
  [...Array<number>(20).fill(0xff)],
  [0x80],
];

/** A few bytes each that declare what they do not hold. */
export const crafted: readonly Uint8Array[] = beginnings.flatMap((beginning) =>
  numbers.map((number) => Uint8Array.from([...beginning, ...number])),
);
