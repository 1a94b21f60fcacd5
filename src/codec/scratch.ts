/** What a codec keeps from payload to payload so as not to make it anew. */
export interface Scratch {
  /** Keys of maps that came before: a string that has been a key is found in an object at once, a new one is not. */
  readonly keys: string[];
  // Eight bytes in which numbers are put together and taken apart.
  readonly halves: Int32Array;
  readonly signed: BigInt64Array;
  readonly unsigned: BigUint64Array;
  readonly float: Float32Array;
  readonly double: Float64Array;
  /** Which of the halves is the low one: the first, but on machines that count bytes from the other end. */
  readonly low: number;
}

/** Typed arrays over the same bytes: a third faster than a DataView. */
export function createScratch(): Scratch {
  const { buffer } = new BigUint64Array([1n]);
  const halves = new Int32Array(buffer);
  return {
    keys: [],
    halves,
    signed: new BigInt64Array(buffer),
    unsigned: new BigUint64Array(buffer),
    float: new Float32Array(buffer),
    double: new Float64Array(buffer),
    low: halves.indexOf(1),
  };
}

/** Puts both halves of a number. */
export function putHalves({ halves, low: at }: Scratch, low: number, high: number): void {
  halves[at] = low;
  halves[1 - at] = high;
}

/** The number that zig-zag stands for. */
export function unZigZag(scratch: Scratch): bigint {
  const { halves, low: at } = scratch;
  const low = halves[at] ?? 0;
  const high = halves[1 - at] ?? 0;
  const sign = -(low & 1);
  putHalves(scratch, ((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
  return scratch.signed[0] ?? 0n;
}
