import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCheck } from "../../codegen/cli/check.ts";
import type { CommandOptions } from "../../codegen/cli/command.ts";
import { commands } from "../../codegen/cli/commands.ts";
import { runProgram } from "../../codegen/cli/program.ts";
import { loadModel } from "../../codegen/index.ts";
import { lockPath } from "../../codegen/load/lock.ts";
import { packagedOptions } from "../../codegen/load/options.ts";
import { formatLock, updateLock } from "../../codegen/model/lock.ts";
import { releaseDraft } from "../../codegen/model/lock-release.ts";
import type { ModelSettings } from "../../codegen/model/policy.ts";
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

export interface CheckAnswer {
  readonly exit: number;
  readonly out: string;
  readonly note: string;
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
  run(...args: readonly string[]): Promise<CheckAnswer>;
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
  const capture = () => {
    const said = { out: "", note: "" };
    const io = {
      cwd: root,
      env: {},
      color: { out: false, note: false },
      out: (text: string) => {
        said.out += text;
      },
      note: (text: string) => {
        said.note += text;
      },
    };
    return { said, io };
  };
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
      const { said, io } = capture();
      const exit = await runCheck({ arguments: [], options: { format: "json", ...options }, io });
      const findings = options.format === undefined ? JSON.parse(said.out).findings : [];
      return { exit, ...said, findings };
    },
    async run(...args) {
      const { said, io } = capture();
      const exit = await runProgram(args, commands, io, "1.2.3");
      return { exit, ...said, findings: [] };
    },
  };
}

/** `rule file:line:column`, which is what most tests look at. */
export function summarize(findings: readonly PrintedFinding[]): readonly string[] {
  return findings.map(({ rule, file, line, column }) => `${rule} ${file}:${line}:${column}`);
}
