import type { CompatibilityLevel } from "../src/core/event.ts";
import type { TextSpan } from "../src/schema/text-span.ts";
import type { Diagnostic, RuleId, Severity, Span } from "./diagnostics.ts";
import { type CheckRule, checkTable } from "./diagnostics-check-rules.ts";

/** A row of one of our tables, or a rule of buf under its own name. */
export type FindingRule = CheckRule | RuleId | `buf:${string}`;

/** Both answers of the engine, for the whole schema. */
export interface Verdicts {
  readonly registry: boolean;
  readonly wire: boolean;
}

/** A schema text, and the part of it that a finding is about. */
export interface Side {
  /** A file of the project, or what an older version is called. */
  readonly file: string;
  /** The text is that of a version, which lies in no file of its own. */
  readonly isVersion?: boolean;
  readonly text: string;
  /** Absent: the text has nothing there. */
  readonly span?: TextSpan;
}

/** The older and the present text of what a finding is about. */
export interface Sides {
  readonly old?: Side;
  readonly new?: Side;
}

/** What `keryx check` has to say about a place in the project. */
export interface Finding {
  readonly rule: FindingRule;
  readonly severity: Severity;
  /** Relative to the project's root, with `/`. */
  readonly file: string;
  /** Line and column count from 1; columns are UTF-16 code units. */
  readonly line: number;
  readonly column: number;
  /** Full name. */
  readonly event?: string;
  readonly subject?: string;
  /** The version that it was compared with: a number, or the name of a baseline that has none, such as `git:main`. */
  readonly against?: number | string;
  /** The engine's name of the difference. */
  readonly kind?: string;
  /** The engine's path of the difference. */
  readonly path?: string;
  readonly verdicts?: Verdicts;
  readonly level?: CompatibilityLevel;
  readonly dialect?: string;
  readonly message: string;
  readonly advice: string;
  /** For people: old and new side by side. */
  readonly sides?: Sides;
}

export type FindingDetails = Partial<Omit<Finding, "rule" | "file" | "line" | "column" | "message">>;

/** A finding of one of the rules that compare with a baseline; severity and advice come from the rule's row. */
export function find(rule: CheckRule, at: Span, message: string, details: FindingDetails = {}): Finding {
  const { severity, advice } = checkTable[rule];
  return { rule, severity, ...placeOf(at), message, advice, ...details };
}

/** A lint diagnostic among the findings. */
export function toFinding({ rule, severity, message, help, ...at }: Diagnostic): Finding {
  return { rule, severity, ...placeOf(at), message, advice: help };
}

function placeOf({ file, line, column }: Span): Pick<Finding, "file" | "line" | "column"> {
  return { file, line, column };
}

/** True when a finding makes the answer no. */
export function isRefused(findings: readonly Finding[], isStrict: boolean): boolean {
  return findings.some(({ severity }) => isStrict || severity === "error");
}
