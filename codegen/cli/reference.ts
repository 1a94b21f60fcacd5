import { type CheckTopic, checkTable } from "../diagnostics-check-rules.ts";
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

const topics: readonly (readonly [CheckTopic, string])[] = [
  ["schema", "Schemas"],
  ["policy", "Delivery policy"],
  ["project", "The whole project"],
  ["registry", "The registry itself, with `--against registry:<url>`"],
];

/** `docs/reference/check.md`. */
export function checkReference(): string {
  const sections = topics.map(([topic, title]) => {
    const rows = Object.entries(checkTable)
      .filter(([, rule]) => rule.topic === topic)
      .map(([id, rule]) => [`\`${id}\``, rule.severity, rule.meaning, rule.advice]);
    return `## ${title}\n\n${table(["rule", "severity", "what it asks for", "what to do"], rows)}`;
  });
  return `# What \`keryx check\` finds

<!-- Written by scripts/docs.mjs from codegen/diagnostics-check-rules.ts; change that and run it again. -->

\`keryx check\` compares the schemas with a baseline: what was released by \`schemas.lock.json\`, a git commit, or a registry. Its findings stand behind those of [\`keryx lint\`](lint.md), and nothing is compared while there is a lint error. Rules of buf follow as \`buf:<RULE>\` where the project's own buf.yaml has a \`lint\` or a \`breaking\` section; they are errors, and change neither of the two verdicts.

An error makes the exit code 3, with \`--strict\` a warning does too. What could not be told (no such commit, a registry that is away, buf not installed) is exit code 1, never 0.

A finding in JSON has \`rule, severity, file, line, column, event, subject, against, kind, path, verdicts, message, advice, level, dialect\`; what it does not have is null. \`against\` is the number of the version that it was compared with, or the name of the baseline where the version has no number, such as \`git:main\`.

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
