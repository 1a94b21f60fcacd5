import { excerpt } from "../../check/excerpt.ts";
import { type Finding, isRefused } from "../../diagnostics-finding.ts";
import { showJson, showText } from "../../diagnostics-print.ts";

const paint = { error: 31, warning: 33, faint: 2 } as const;

/** For people: the place, what is wrong, old and new side by side, what to do. */
export function formatFindings(
  findings: readonly Finding[],
  { color, columns }: { readonly color: boolean; readonly columns: number },
): string {
  const tint = (style: keyof typeof paint, text: string): string =>
    color ? `\u001b[${paint[style]}m${text}\u001b[0m` : text;
  let last = "";
  return findings
    .map((finding) => {
      const { file, line, column, severity, rule, event, message, advice, sides } = finding;
      const place = showText(`${file}:${line}:${column}`);
      const whose = event === undefined ? "" : ` ${showText(event)}`;
      const found = sides === undefined ? "" : excerpt({ ...sides, width: columns, color });
      // Registry and wire often speak of the same place: the texts stand there once.
      const texts = found === last ? "" : found;
      last = found;
      return `${place} ${tint(severity, severity)} ${rule}${whose}\n  ${showText(message)}\n${texts}  ${tint("faint", "next:")} ${showText(advice)}\n`;
    })
    .join("\n");
}

/** `{ ok, findings }`; the layout is stable, programs read it. What a finding has not is null. */
export function formatFindingsJson(findings: readonly Finding[], isStrict: boolean): string {
  const rows = findings.map((one) => ({
    ...{ rule: one.rule, severity: one.severity, file: one.file, line: one.line, column: one.column },
    event: one.event ?? null,
    subject: one.subject ?? null,
    against: one.against ?? null,
    kind: one.kind ?? null,
    path: one.path ?? null,
    verdicts: one.verdicts ?? null,
    message: one.message,
    advice: one.advice,
    level: one.level ?? null,
    dialect: one.dialect ?? null,
  }));
  return `${showJson({ ok: !isRefused(findings, isStrict), findings: rows })}\n`;
}
