import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Dialect } from "../../src/compatibility/dialects.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { suggest } from "../../src/core/suggest.ts";
import { baselineOfLock } from "../check/baseline.ts";
import { checkProject } from "../check/check.ts";
import { findLostVersions } from "../check/lock-history.ts";
import type { CheckRequest } from "../check/request.ts";
import { isClean, type Span } from "../diagnostics.ts";
import { type Finding, isRefused, toFinding } from "../diagnostics-finding.ts";
import { formatGithub } from "../diagnostics-github.ts";
import { countDiagnostics, showText } from "../diagnostics-print.ts";
import { formatSarif } from "../diagnostics-sarif.ts";
import { type CheckedModel, loadModel } from "../index.ts";
import { inTemporaryFolder } from "../load/folder.ts";
import { lockPath } from "../load/lock.ts";
import { parseLock } from "../model/lock-parse.ts";
import { compare } from "../model/order.ts";
import { askBuf } from "./check/buf.ts";
import { type LoadedBaseline, loadGitBaseline, readCommittedLock } from "./check/git.ts";
import { formatFindings, formatFindingsJson } from "./check/print.ts";
import { findDisagreements, readRegistry } from "./check/registry.ts";
import type { Invocation, Run } from "./command.ts";
import { dialectOf } from "./dialect.ts";
import { type OpenProject, openProject } from "./load.ts";
import { loadManifest } from "./package.ts";

/** What to compare with, as the command line names it. */
type Against =
  | { readonly kind: "lock" }
  | { readonly kind: "git"; readonly ref: string }
  | { readonly kind: "registry"; readonly url: string };

/** @throws KeryxError `usage` */
function parseAgainst(text = "lock"): Against {
  const [kind = "", ...rest] = text.split(":");
  const value = rest.join(":");
  if (text === "lock") return { kind: "lock" };
  if (kind === "git" && value !== "" && value.length <= 500 && !/\p{Cc}/u.test(value))
    return { kind: "git", ref: value };
  if (kind === "registry" && URL.canParse(value)) return { kind: "registry", url: value };
  // A URL may carry a password, and this one is not even a URL.
  const shown = kind === "registry" ? "registry:…" : text;
  throw new KeryxError("usage", `--against ${JSON.stringify(shown)} is nothing to compare with.`, {
    help: "Use `lock`, `git:<branch, tag or commit>` or `registry:<url>`.",
  });
}

const formats = ["text", "json", "sarif", "github"] as const;
type Format = (typeof formats)[number];

function parseFormat(text = "text"): Format {
  const found = formats.find((one) => one === text);
  if (found !== undefined) return found;
  const near = suggest(text, formats);
  throw new KeryxError("usage", `--format ${JSON.stringify(text)} is not known.`, {
    help: near === undefined ? `Formats are ${formats.join(", ")}.` : `Did you mean ${near}?`,
  });
}

/** Compares the whole project with a baseline. Exit 0 is a yes; what could not be told is an error. */
export const runCheck: Run = async (call) => {
  const { options, io } = call;
  const against = parseAgainst(options.against);
  const format = parseFormat(options.format);
  const project = openProject(options, io);
  const dialect = dialectOf(project.config);
  const { findings, compared, fresh } = await inTemporaryFolder((folder) =>
    findAll(call, project, dialect, against, folder),
  );
  io.out(print(findings, format, project, call));
  if (format === "text" && findings.length > 0) io.note("\n");
  if (compared > 0) io.note(showScope(compared, fresh, against));
  io.note(`${countDiagnostics(findings)}\n`);
  return isRefused(findings, options.strict === true) ? 3 : 0;
};

function showScope(compared: number, fresh: number, against: Against): string {
  const what =
    against.kind === "lock"
      ? lockPath
      : showText(against.kind === "git" ? `git:${against.ref}` : against.url);
  const until =
    against.kind === "lock" ? " until `keryx lock release` or `keryx register` makes a version" : "";
  const none = fresh === 0 ? "" : `; ${fresh} without a version there: nothing to compare${until}`;
  return `Compared ${compared} ${compared === 1 ? "event" : "events"} with ${what}${none}.\n`;
}

/**
 * As `keryx check` against the lock file, for commands that go on only with what it lets pass.
 * @throws KeryxError when it cannot tell
 */
export function checkWithLock(
  project: OpenProject,
  call: Invocation,
): Promise<Pick<Found, "findings" | "checked">> {
  return inTemporaryFolder((folder) =>
    findAll(call, project, dialectOf(project.config), { kind: "lock" }, folder),
  );
}

interface Found {
  readonly findings: readonly Finding[];
  readonly checked: CheckedModel;
  /** Events that were looked at. */
  readonly compared: number;
  /** Events without anything to compare with. */
  readonly fresh: number;
}

async function findAll(
  call: Invocation,
  project: OpenProject,
  dialect: Dialect,
  against: Against,
  folder: string,
): Promise<Found> {
  // Both are read at once. What the baseline cannot tell is an error whatever the tree looks like.
  const [checked, fromGit] = await Promise.all([
    loadModel(project),
    against.kind === "git" ? loadGitBaseline(against.ref, project, call, folder) : undefined,
  ]);
  const lint = checked.diagnostics.map((one) => toFinding({ ...one, file: pathOf(one.file, project) }));
  if (!isClean(checked.diagnostics)) return { findings: lint, checked, compared: 0, fresh: 0 };
  const registry =
    against.kind === "registry" ? await readRegistry(against.url, project, checked) : undefined;
  const loaded = fromGit ?? { baseline: registry?.baseline ?? baselineOfLock(checked.lock) };
  const request = await toRequest(project, checked, loaded, dialect);
  const result = checkProject(request);
  const ours = [
    ...result.findings,
    ...(registry === undefined ? [] : findDisagreements(request, registry, result.findings)),
    ...(against.kind === "lock" ? await findLostSinceCommit(request, project) : []),
  ];
  const buf = await askBuf(project, checked, loaded);
  return {
    findings: [...lint, ...sort(ours), ...sort(buf)],
    checked,
    compared: checked.model.events.length,
    fresh: result.fresh.length,
  };
}

/** Versions that were taken out since the last commit; later that shows against a branch only. */
async function findLostSinceCommit(
  request: CheckRequest,
  { root }: OpenProject,
): Promise<readonly Finding[]> {
  const text = await readCommittedLock(root);
  if (text === undefined) return [];
  return findLostVersions(request, parseLock(text, lockPath).lock, "git:HEAD");
}

async function toRequest(
  project: OpenProject,
  { model, lock, inputs }: CheckedModel,
  { baseline }: LoadedBaseline,
  dialect: Dialect,
): Promise<CheckRequest> {
  const lockText = await readFile(join(project.root, lockPath), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    },
  );
  const placeOfSetting = (path: string): Span | undefined => {
    const [, file = "", line, column] = /^(.*):(\d+):(\d+)$/.exec(project.placeOfSetting(path) ?? "") ?? [];
    return line === undefined ? undefined : { file, line: Number(line), column: Number(column) };
  };
  const retired = new Set(Object.keys(project.config.retired));
  return {
    model,
    lock,
    lockText,
    inputs,
    prefix: project.prefix,
    placeOfSetting,
    baseline,
    retired,
    dialect,
  };
}

/** Settings and lock file lie at the project's root. */
const pathOf = (file: string, { prefix }: OpenProject): string =>
  /\.(proto|avsc)$/.test(file) ? `${prefix}${file}` : file;

function sort(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column);
}

function print(findings: readonly Finding[], format: Format, project: OpenProject, call: Invocation): string {
  const { io, options } = call;
  switch (format) {
    case "text":
      return formatFindings(findings, { color: io.color.out, columns: io.columns ?? 120 });
    case "json":
      return formatFindingsJson(findings, options.strict === true);
    case "sarif":
      return formatSarif(findings, { version: loadManifest().version, prefix: fromRepository(project.root) });
    case "github":
      return formatGithub(findings, fromRepository(project.root));
  }
}

/** Code hosts count paths from the repository's root. */
function fromRepository(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) {
      const path = relative(folder, root).replaceAll("\\", "/");
      return path === "" ? "" : `${path}/`;
    }
    if (folder === dirname(folder)) return "";
  }
}
