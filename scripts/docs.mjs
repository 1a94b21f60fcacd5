// Writes the pages of docs/reference from the tables and interfaces they describe.
// `--check` writes nothing and fails when a page is stale. Run it with `node scripts/run.mjs node scripts/docs.mjs`;
// a folder behind it takes the place of this repository as the place of the pages.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { checkReference, commandReference, lintReference } from "../codegen/cli/reference.ts";
import { ownDefaults } from "../src/config/settings.ts";
import { buildShape, toShape } from "../src/config/shape.ts";
import { consumerDefaults } from "../src/consumer/options.ts";
import { errorTable } from "../src/core/errors.ts";
import { payloadLimits } from "../src/core/limits.ts";
import { countLabels } from "../src/observe/count-rules.ts";
import { healthDefaults } from "../src/observe/options.ts";
import { producerDefaults } from "../src/producer/options.ts";
import { registryAuthSchema, registryDefaults } from "../src/registry/options.ts";
import { transportDefaults } from "../src/transport/options.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const notice = "<!-- Written by scripts/docs.mjs; change the source and run it again. -->";
const cell = (text) =>
  text
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
const row = (...cells) => `| ${cells.map(cell).join(" | ")} |`;
const table = (heads, rows) => [row(...heads), row(...heads.map(() => "---")), ...rows].join("\n");

/** Members of an interface with their types and comments; unions of objects give the members of each. */
function readMembers(file, name, group) {
  const text = readFileSync(join(root, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const members = new Map();
  const collect = (node) => {
    if (ts.isPropertySignature(node)) {
      const [doc] = ts.getJSDocCommentsAndTags(node);
      const comment = doc && typeof doc.comment === "string" ? doc.comment : "";
      const key = node.name.getText(source);
      const { type: before } = members.get(key) ?? {};
      const type = node.type?.getText(source) ?? "";
      const types = before === undefined || before === type ? type : `${before} | ${type}`;
      if (group === undefined) members.set(key, { type: types, comment });
      else if (key === group && node.type) inGroup(node.type);
      return;
    }
    ts.forEachChild(node, collect);
  };
  const inGroup = (type) => {
    group = undefined;
    ts.forEachChild(type, collect);
    group = "";
  };
  ts.forEachChild(source, (node) => {
    if ((ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && node.name.text === name)
      ts.forEachChild(node, collect);
  });
  if (members.size === 0) throw new Error(`${file} has no members of ${name}`);
  return members;
}

const toVariable = (path) =>
  `KERYX__${path
    .split(".")
    .map((part) => (/^<.*>$/.test(part) ? part : part.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toUpperCase()))
    .join("__")}`;

function optionRows(prefix, members, defaults, shape) {
  return [...members]
    .filter(([name]) => shape.members.has(name))
    .map(([name, { type, comment }]) => {
      const value = defaults?.[name];
      const isPlain = value !== undefined && typeof value !== "object";
      const known = shape.members.get(name);
      const path = `${prefix}${name}`;
      // A function has no place in a file or in the environment.
      const isCode = known.types.size === 0 || known.items?.types.size === 0;
      const variable = !isCode ? `\`${toVariable(path)}\`` : "code only";
      return row(
        `\`${path}\``,
        `\`${type}\``,
        isPlain ? `\`${JSON.stringify(value)}\`` : "",
        comment,
        variable,
      );
    });
}

const heads = ["Setting", "Type", "Default", "Meaning", "Environment"];
const section = (title, text, rows) => `## ${title}\n\n${text}\n\n${table(heads, rows)}`;

function optionsPage() {
  const shape = buildShape();
  const below = (name) => shape.members.get(name);
  const policy = readMembers("src/config/settings.ts", "EventDefaults");
  const own = readMembers("src/config/settings.ts", "KeryxSettings");
  const top = (names) => new Map([...own].filter(([name]) => names.includes(name)));
  const parts = [
    section(
      "Kafka",
      "At the top level of keryx.yaml.",
      optionRows("", readMembers("src/transport/options.ts", "TransportOptions"), transportDefaults, shape),
    ),
    section(
      "TLS",
      "",
      optionRows("tls.", readMembers("src/transport/options.ts", "TlsOptions"), {}, below("tls")),
    ),
    section(
      "SASL",
      "",
      optionRows("sasl.", readMembers("src/transport/options.ts", "SaslOptions"), {}, below("sasl")),
    ),
    section("App", "", optionRows("", top(["createTopics"]), ownDefaults, shape)),
    section(
      "Limits",
      "[What they protect from](codecs.md#limits). Each can be set, none can be switched off.",
      optionRows(
        "limits.",
        readMembers("src/core/limits.ts", "PayloadLimits"),
        payloadLimits,
        below("limits"),
      ),
    ),
    section(
      "Health",
      "[What the probes answer](../guides/operating.md#health).",
      optionRows(
        "health.",
        readMembers("src/observe/options.ts", "HealthOptions"),
        healthDefaults,
        below("health"),
      ),
    ),
    section(
      "Log",
      "",
      optionRows(
        "logging.",
        readMembers("src/config/settings.ts", "KeryxSettings", "logging"),
        ownDefaults.logging,
        below("logging"),
      ),
    ),
    section(
      "Schema registry",
      "`registry` may also be the URL alone, or a list of URLs.",
      optionRows(
        "registry.",
        readMembers("src/registry/options.ts", "RegistryOptions"),
        registryDefaults,
        below("registry"),
      ),
    ),
    section(
      "Credentials of the registry",
      "",
      optionRows(
        "registry.auth.",
        readMembers("src/registry/options.ts", "RegistryAuth"),
        {},
        toShape(registryAuthSchema),
      ),
    ),
    section(
      "Producers",
      "",
      optionRows(
        "producer.",
        readMembers("src/producer/options.ts", "ProducerOptions"),
        producerDefaults,
        below("producer"),
      ),
    ),
    section(
      "Consumers",
      "Shared by all consumers; what `consumer()` is given wins.",
      optionRows(
        "consumer.",
        readMembers("src/core/app.ts", "ConsumerOptions"),
        consumerDefaults,
        below("consumer"),
      ),
    ),
    section(
      "Generator",
      "",
      optionRows(
        "schemas.",
        readMembers("src/config/settings.ts", "KeryxSettings", "schemas"),
        ownDefaults.schemas,
        below("schemas"),
      ),
    ),
    section(
      "Policy",
      "The same under `folders.<path>` and `topics.<name>`; the nearer wins, and a schema wins over all of them. Events that are gone on purpose stand under `retired`, by full name, each with the reason; `keryx check` does not miss them.",
      optionRows("defaults.", policy, {}, below("defaults")),
    ),
  ];
  const intro = [
    "# Settings",
    notice,
    "Lowest first: defaults, `keryx.yaml` (the nearest one upwards, or the file that `KERYX_CONFIG` names), environment, `connect()`. The later wins; lists are replaced. Names of variables match whatever their case. Settings that end in `Ms` take milliseconds or a duration such as `500ms`, `30s`, `5m`, `1h`.",
  ];
  return `${[...intro, ...parts].join("\n\n").replaceAll(/\n{3,}/g, "\n\n")}\n`;
}

function errorsPage() {
  const rows = Object.entries(errorTable).map(([code, { retriable, exit, meaning, help }]) =>
    row(`\`${code}\``, meaning, help, retriable ? "yes" : "no", String(exit)),
  );
  const intro =
    "Every error is a `KeryxError` with `code`, `retriable`, `details`, `help` and, where there is one, `cause`. Decide by `code`, never by the text.";
  return `# Errors\n\n${notice}\n\n${intro}\n\n${table(["Code", "What happened", "What to do", "Retriable", "Exit code of a command"], rows)}\n`;
}

/** The comment of each member of a table that is written as an object. */
function readRows(file, name) {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(root, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const comments = new Map();
  const visit = (node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText(source) === name) collect(node);
    else ts.forEachChild(node, visit);
  };
  const collect = (node) => {
    if (ts.isPropertyAssignment(node)) {
      const [doc] = ts.getJSDocCommentsAndTags(node);
      comments.set(node.name.getText(source), typeof doc?.comment === "string" ? doc.comment : "");
    } else ts.forEachChild(node, collect);
  };
  visit(source);
  return comments;
}

function countsPage() {
  const comments = readRows("src/observe/count-rules.ts", "countLabels");
  const rows = Object.entries(countLabels).map(([name, labels]) =>
    row(`\`${name}\``, labels.map((label) => `\`${label}\``).join(", "), comments.get(name) ?? ""),
  );
  const intro =
    "What `createCounts()` counts; [how to use it](../guides/operating.md#counting). Labels are always these, and `_unknown` where a signal does not say; names beyond the first 500 of a label are counted under `_other`.";
  return `# Counts\n\n${notice}\n\n${intro}\n\n${table(["Metric", "Labels", "Counts"], rows)}\n`;
}

const pages = {
  "docs/reference/check.md": checkReference(),
  "docs/reference/cli.md": commandReference(),
  "docs/reference/counts.md": countsPage(),
  "docs/reference/errors.md": errorsPage(),
  "docs/reference/lint.md": lintReference(),
  "docs/reference/options.md": optionsPage(),
};
const isCheck = process.argv.includes("--check");
const folder = process.argv.slice(2).find((word) => !word.startsWith("--")) ?? root;
for (const [path, text] of Object.entries(pages)) {
  const file = join(folder, path);
  let old;
  try {
    old = readFileSync(file, "utf8");
  } catch {
    old = undefined;
  }
  if (old === text) continue;
  if (isCheck) {
    process.stderr.write(`${path} is stale: run \`node scripts/run.mjs node scripts/docs.mjs\`.\n`);
    process.exitCode = 3;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stderr.write(`wrote ${path}\n`);
  }
}
