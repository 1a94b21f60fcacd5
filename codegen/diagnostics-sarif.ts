import { checkTable } from "./diagnostics-check-rules.ts";
import type { Finding, FindingRule } from "./diagnostics-finding.ts";
import { showJson, showText } from "./diagnostics-print.ts";
import { ruleTable } from "./diagnostics-rules.ts";

export interface SarifOptions {
  /** Version of Keryx. */
  readonly version: string;
  /** Put before each file, so that it starts at the repository's root. */
  readonly prefix: string;
}

/**
 * A log for code scanning.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function formatSarif(findings: readonly Finding[], { version, prefix }: SarifOptions): string {
  const ids = [...new Set(findings.map(({ rule }) => rule))];
  const results = findings.map((finding) => ({
    ruleId: finding.rule,
    ruleIndex: ids.indexOf(finding.rule),
    level: finding.severity,
    message: { text: plain(`${finding.message} ${finding.advice}`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: toUri(`${prefix}${finding.file}`), uriBaseId: "%SRCROOT%" },
          region: { startLine: finding.line, startColumn: finding.column },
        },
        ...(finding.event === undefined
          ? {}
          : { logicalLocations: [{ fullyQualifiedName: finding.event, kind: "type" }] }),
      },
    ],
    properties: propertiesOf(finding),
  }));
  return `${showJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "keryx", version, rules: ids.map(describe) } },
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  })}\n`;
}

function propertiesOf(finding: Finding): Readonly<Record<string, unknown>> {
  const { subject, against, kind, path, verdicts, level, dialect, advice } = finding;
  const known = { subject, against, kind, path, verdicts, level, dialect, advice };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function describe(id: FindingRule): unknown {
  const own = Object.entries(checkTable).find(([rule]) => rule === id)?.[1];
  const lint = Object.entries(ruleTable).find(([rule]) => rule === id)?.[1];
  const row = own ?? lint;
  // Rules of buf are described where they are configured.
  if (row === undefined)
    return { id, shortDescription: { text: `The rule ${id.replace("buf:", "")} of buf.` } };
  return {
    id,
    shortDescription: { text: row.meaning },
    help: { text: own?.advice ?? lint?.help ?? row.meaning },
    defaultConfiguration: { level: row.severity },
  };
}

/** Viewers make links of `[text](address)`, and no text of a schema should become one. */
function plain(text: string): string {
  return showText(text).replaceAll("](", "] (");
}

function toUri(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join("/");
}
