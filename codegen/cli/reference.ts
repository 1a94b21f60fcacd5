import { type RuleStage, ruleTable } from "../diagnostics-rules.ts";
import { commandOptions, showArgument } from "./command.ts";
import { commands } from "./commands.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return `${lines.map((line) => `| ${line.map(cell).join(" | ")} |`).join("\n")}\n`;
}

const stages: readonly (readonly [RuleStage, string])[] = [
  ["load", "Reading the files"],
  ["model", "Options, paths and subjects"],
  ["check", "The events of the project"],
];

/** `docs/reference/lint.md`. */
export function lintReference(): string {
  const sections = stages.map(([stage, title]) => {
    const rows = Object.entries(ruleTable)
      .filter(([, rule]) => rule.stage === stage)
      .map(([id, rule]) => [`\`${id}\``, rule.severity, rule.meaning, rule.help]);
    return `## ${title}\n\n${table(["rule", "severity", "what it asks for", "what to do"], rows)}`;
  });
  return `# Lint rules

<!-- Written by scripts/docs.mjs from codegen/diagnostics-rules.ts; change that and run it again. -->

\`keryx lint\` prints each finding as \`file:line:column severity rule message\` with the next step below it, or as JSON with \`--json\`. It exits 3 when there is an error; warnings alone exit 0. \`keryx generate\` applies the same rules and writes nothing while there is an error.

${sections.join("\n")}`;
}

/** `docs/reference/cli.md`. */
export function commandReference(): string {
  const sections = commands.map(({ name, argument, summary, options, example }) => {
    const usage = `keryx ${name}${argument ? ` ${showArgument(argument)}` : ""}`;
    const flags = [
      ...(argument ? [[`\`${showArgument(argument)}\``, argument.meaning]] : []),
      ...options.map((option) => [`\`${commandOptions[option][0]}\``, commandOptions[option][1]]),
    ];
    return `## \`${usage}\`\n\n${summary}\n\n\`\`\`sh\n${example}\n\`\`\`\n\n${table(["argument", "meaning"], flags)}`;
  });
  return `# Command line

<!-- Written by scripts/docs.mjs from codegen/cli/commands.ts; change that and run it again. -->

Data goes to standard output, everything else to standard error. Colour appears on a terminal only, and never with \`NO_COLOR\`. Exit codes: 0 done or yes, 1 error, 2 wrong usage, 3 checked and the answer is no, 130 interrupted. \`KERYX_DEBUG=1\` shows the stack of an error.

${sections.join("\n")}`;
}
