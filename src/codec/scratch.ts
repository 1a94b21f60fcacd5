/** What a codec keeps from payload to payload so as not to make it anew. */
export interface Scratch {
  /** Keys of maps that came before: a string that has been a key is found in an object at once, a new one is not. */
  readonly keys: string[];
  // Eight bytes in which floating numbers are put together.
  readonly halves: Int32Array;
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
    float: new Float32Array(buffer),
    double: new Float64Array(buffer),
    low: halves.indexOf(1),
  };
}
