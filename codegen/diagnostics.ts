export type Severity = "error" | "warning";

/** A place in a schema file. Lines and columns count from 1; columns are UTF-16 code units. */
export interface Span {
  /** Path relative to the schema root, with `/`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What the generator has to say about a place: a sentence, and how to mend it. */
export interface Diagnostic extends Span {
  /** Stable name of the rule, for example `key-path-missing`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly help: string;
}

/** True when nothing stands in the way of generating. */
export function isClean(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.every((one) => one.severity !== "error");
}
