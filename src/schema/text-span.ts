/** Where something stands in a schema text. Line and column count from 1, columns in UTF-16 code units. */
export interface TextSpan {
  readonly line: number;
  readonly column: number;
  /** First and behind-last position in the text, UTF-16 code units. */
  readonly offset: number;
  readonly end: number;
}
