/** Bounds on what one payload may ask for. Each can be set, none can be switched off. */
export interface PayloadLimits {
  /**
   * Records or messages inside one another, when they are read and when they are written. What is deeper is refused
   * as `too-deep`. Default 100; at most 300, for which every stack has room.
   */
  readonly maxDepth: number;
  /**
   * Items of lists and maps in one payload; a small payload may hold fewer: one for each byte, and 1,024. More are
   * refused as `too-large`. Default 1,000,000.
   */
  readonly maxItems: number;
  /** Bytes of one payload that is written as JSON. A larger one is refused as `too-large`. Default 67,108,864. */
  readonly maxJsonBytes: number;
}

export const payloadLimits: PayloadLimits = {
  maxDepth: 100,
  maxItems: 1_000_000,
  maxJsonBytes: 64 * 1_048_576,
};

/** The largest `maxDepth`. */
export const deepest = 300;
