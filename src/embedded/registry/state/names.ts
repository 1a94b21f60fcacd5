/** A subject inside its context. */
export interface SubjectName {
  /** `.` or `.name`. */
  readonly context: string;
  /** Empty text stands for the context itself. */
  readonly subject: string;
}

/** The context that subjects without one belong to. */
export const defaultContext = ".";
/** Stands for every context. */
export const anyContext = "*";

/** Splits `:.ctx:subject`. A subject without a context belongs to `context`. */
export function parseSubject(text: string, context: string = defaultContext): SubjectName {
  if (text.startsWith(":*:")) return { context: anyContext, subject: text.slice(3) };
  const end = text.startsWith(":.") ? text.indexOf(":", 2) : -1;
  if (end < 0) return { context, subject: text };
  return { context: text.slice(1, end), subject: text.slice(end + 1) };
}

/** How a registry shows the subject: without its context in the default one. */
export function formatSubject({ context, subject }: SubjectName): string {
  return context === defaultContext ? subject : `:${context}:${subject}`;
}

const maxSubjectLength = 4_096;
const reserved: ReadonlySet<string> = new Set(["__GLOBAL", "__EMPTY"]);

/** Whether schemas can be registered under it. */
export function isSubject({ subject }: SubjectName): boolean {
  return (
    subject !== "" && subject.length <= maxSubjectLength && !reserved.has(subject) && !/\p{Cc}/u.test(subject)
  );
}
