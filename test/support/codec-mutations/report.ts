/** What came of one codec; the program prints one a line. */
export interface CodecReport {
  readonly codec: string;
  readonly shapes: number;
  readonly inputs: number;
  /** Inputs that were read all the same. */
  readonly values: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Most that memory grew by for one input, beyond ten times its size. */
  readonly grownBytes: number;
  readonly problems: readonly string[];
}
