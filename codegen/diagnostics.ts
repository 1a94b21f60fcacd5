import { type RuleId, ruleTable, type Severity } from "./diagnostics-rules.ts";

export type { CheckRuleId, RuleId, Severity } from "./diagnostics-rules.ts";

/** A place in a schema file. Lines and columns count from 1; columns are UTF-16 code units. */
export interface Span {
  /** Path relative to the schema root, with `/`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What the generator has to say about a place: a sentence, and how to mend it. */
export interface Diagnostic extends Span {
  /** Stable name of the rule, for example `key-path-missing`: a row of `diagnostics-rules.ts`. */
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly message: string;
  readonly help: string;
}

/** A finding of a rule: severity and, unless a better one is given, help come from the rule's row. */
export function report(rule: RuleId, at: Span, message: string, help?: string): Diagnostic {
  const row = ruleTable[rule];
  const { file, line, column } = at;
  return { file, line, column, rule, severity: row.severity, message, help: help ?? row.help };
}

/** True when nothing stands in the way of generating. */
export function isClean(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.every((one) => one.severity !== "error");
}
