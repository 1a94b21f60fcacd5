import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CommandOptions } from "../../codegen/cli/command.ts";
import { loadModel } from "../../codegen/index.ts";
import { lockPath } from "../../codegen/load/lock.ts";
import { packagedOptions } from "../../codegen/load/options.ts";
import { formatLock, updateLock } from "../../codegen/model/lock.ts";
import { releaseDraft } from "../../codegen/model/lock-release.ts";
import type { ModelSettings } from "../../codegen/model/policy.ts";
import { type CommandAnswer, runCommand } from "./command.ts";
import { type Files, writeTree } from "./schema-tree.ts";

/** A finding as `keryx check --format json` prints it. */
export interface PrintedFinding {
  readonly rule: string;
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly event: string | null;
  readonly subject: string | null;
  readonly against: number | string | null;
  readonly kind: string | null;
  readonly path: string | null;
  readonly verdicts: { readonly registry: boolean; readonly wire: boolean } | null;
  readonly message: string;
  readonly advice: string;
  readonly level: string | null;
  readonly dialect: string | null;
}

export interface CheckAnswer extends CommandAnswer {
  /** With the format json. */
  readonly findings: readonly PrintedFinding[];
}

/** A project in a folder of its own, which goes when the run ends. */
export interface CheckedProject {
  readonly root: string;
  /** Writes files; undefined removes one. */
  write(files: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Commits everything; the first commit makes the repository. */
  commit(message?: string): void;
  git(...args: readonly string[]): string;
  /** Makes versions of what the schemas say, as `keryx lock release` does. */
  release(settings?: ModelSettings): Promise<void>;
  /** The JSON answer. */
  check(options?: CommandOptions): Promise<CheckAnswer>;
  /** The whole command line. */
  run(...args: readonly string[]): Promise<CommandAnswer>;
}

/** @param folder of the project inside the repository; none: the same */
export async function createCheckedProject(files: Files, folder = ""): Promise<CheckedProject> {
  const repository = await writeTree({});
  const root = join(repository, folder);
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], {
      cwd: repository,
      encoding: "utf8",
    });
  let isRepository = false;
  const write: CheckedProject["write"] = async (changes) => {
    for (const [path, text] of Object.entries(changes)) {
      const file = join(root, path);
      if (text === undefined) await rm(file, { recursive: true });
      else {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      }
    }
  };
  await write({
    "keryx.yaml": "clientId: test\n",
    "schemas/keryx/v1/options.proto": packagedOptions(),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.toString()])),
  });
  return {
    root,
    write,
    git,
    commit(message = "change") {
      if (!isRepository) git("init", "--quiet", "--initial-branch=main", ".");
      isRepository = true;
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "-m", message);
    },
    async release(settings = {}) {
      const { model, lock } = await loadModel({ root, schemas: "schemas", settings });
      const drafts = updateLock(lock, model);
      const events = new Map([...drafts.events].map(([name, event]) => [name, releaseDraft(event).event]));
      await writeFile(join(root, lockPath), formatLock({ events }));
    },
    async check(options = {}) {
      const flags = Object.entries(options).flatMap(([name, value]) =>
        value === true ? [`--${name}`] : [`--${name}`, String(value)],
      );
      const answer = await runCommand(root, [
        "check",
        ...(options.format ? [] : ["--format", "json"]),
        ...flags,
      ]);
      // An error is none of the answers that a test looks at here.
      if (answer.exit === 1) throw new Error(answer.note);
      return { ...answer, findings: options.format === undefined ? JSON.parse(answer.out).findings : [] };
    },
    run: (...args) => runCommand(root, args),
  };
}

/** `rule file:line:column`, which is what most tests look at. */
export function summarize(findings: readonly PrintedFinding[]): readonly string[] {
  return findings.map(({ rule, file, line, column }) => `${rule} ${file}:${line}:${column}`);
}
