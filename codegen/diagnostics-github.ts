import type { Finding } from "./diagnostics-finding.ts";
import { showText } from "./diagnostics-print.ts";

/**
 * Workflow commands: GitHub shows each at its line of a pull request.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function formatGithub(findings: readonly Finding[], prefix: string): string {
  return findings
    .map(({ severity, file, line, column, rule, event, message, advice }) => {
      const properties = [
        ["file", `${prefix}${file}`],
        ["line", String(line)],
        ["col", String(column)],
        ["title", event === undefined ? rule : `${rule} ${event}`],
      ].map(([key = "", value = ""]) => `${key}=${escapeProperty(showText(value))}`);
      const text = `${showText(message)}\n${showText(advice)}`;
      return `::${severity} ${properties.join(",")}::${escapeData(text)}\n`;
    })
    .join("");
}

/** What a runner would take for the end of the message, or for an escape of its own. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
