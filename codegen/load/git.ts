import { KeryxError } from "../../src/core/errors.ts";
import { type ProgramRun, passVariables, runProgram } from "./program.ts";

/** A git repository around a folder, read without a checkout. Nothing here uses a network. */
export interface GitRepository {
  /** Path of the folder inside the repository, with `/` at its end; empty for the repository's own root. */
  readonly prefix: string;
  /** Absolute path of the working tree. */
  readonly root: string;
  /** The commit that a name means. @throws KeryxError `baseline_unavailable` */
  resolveCommit(ref: string): Promise<string>;
  /**
   * The files of a commit whose path is wanted, by path from the repository's root. Links and submodules are left out.
   * @param folders where to look, from the repository's root; none: everywhere
   */
  readFiles(
    commit: string,
    isWanted: (path: string) => boolean,
    folders?: readonly string[],
  ): Promise<ReadonlyMap<string, Buffer>>;
  /**
   * The versions of a file between which a merge or rebase has stopped; empty when it is not in conflict.
   * @param path from the folder
   */
  readConflict(path: string): Promise<ConflictSides>;
}

/** Sides of a conflict as git names them; a side without the file is absent. */
export type ConflictSides = Readonly<Partial<Record<"base" | "ours" | "theirs", Buffer>>>;

const conflictSides = { "1": "base", "2": "ours", "3": "theirs" } as const;

const maxFiles = 50_000;
const maxTotalBytes = 512 * 1_048_576;
const maxOutputBytes = 1_024 * 1_048_576;

/** @throws KeryxError `baseline_unavailable` when there is no repository, `dependency_missing` when there is no git */
export async function openRepository(folder: string): Promise<GitRepository> {
  const run = (args: readonly string[], input?: string): Promise<ProgramRun> => runGit(args, folder, input);
  const found = await run(["rev-parse", "--show-prefix", "--show-toplevel"]);
  if (found.exitCode !== 0)
    throw unavailable(`${folder} cannot be read as part of a git repository: ${firstLine(found.stderr)}`, {
      help: /dubious ownership/.test(found.stderr)
        ? "The clone belongs to another user than the one who runs the check: `git config --global --add safe.directory <folder>` allows it."
        : "Run the command in a clone of the repository, or compare with the lock file: `--against lock`.",
    });
  const [prefix = "", root = ""] = found.stdout.toString("utf8").split("\n");

  return {
    prefix,
    root,
    async resolveCommit(ref) {
      const answer = await run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
      const commit = answer.stdout.toString("utf8").trim();
      if (answer.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(commit)) return commit;
      throw missing(ref, await isShallow(run));
    },
    async readFiles(commit, isWanted, folders = []) {
      const listed = await run(["ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", ...folders]);
      if (listed.exitCode !== 0) throw unreadable(commit, listed);
      const blobs = parseTree(listed.stdout).filter(({ path }) => isWanted(path));
      const total = blobs.reduce((sum, { size }) => sum + size, 0);
      if (blobs.length > maxFiles || total > maxTotalBytes)
        throw unavailable(
          `At ${commit} there are ${blobs.length} files with ${total} bytes to read; the limits are ${maxFiles} and ${maxTotalBytes}.`,
        );
      const contents = await run(["cat-file", "--batch"], blobs.map(({ id }) => `${id}\n`).join(""));
      if (contents.exitCode !== 0) throw unreadable(commit, contents);
      const texts = parseBatch(contents.stdout, commit);
      return new Map(blobs.map(({ path }, at) => [path, texts[at] ?? Buffer.alloc(0)]));
    },
    async readConflict(path) {
      const listed = await run(["ls-files", "--unmerged", "-z", "--", path]);
      const stages = [...listed.stdout.toString("utf8").matchAll(/[0-7]+ ([0-9a-f]+) ([123])\t[^\0]*\0/g)];
      const contents = await run(["cat-file", "--batch"], stages.map(([, id]) => `${id}\n`).join(""));
      if (listed.exitCode !== 0 || contents.exitCode !== 0) throw unreadable("the index", listed);
      const texts = parseBatch(contents.stdout, "the index");
      return Object.fromEntries(
        stages.map(([, , stage], at) => [conflictSides[stage as "1" | "2" | "3"], texts[at]]),
      );
    },
  };
}

async function isShallow(run: (args: readonly string[]) => Promise<ProgramRun>): Promise<boolean> {
  const answer = await run(["rev-parse", "--is-shallow-repository"]);
  return answer.stdout.toString("utf8").trim() === "true";
}

function missing(ref: string, isShallow: boolean): KeryxError {
  const name = JSON.stringify(ref);
  return isShallow
    ? unavailable(`This clone is shallow and does not hold the commit ${name}.`, {
        help: "Fetch the history first: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout.",
      })
    : unavailable(`The repository has no commit ${name}.`, {
        help: "Name a branch, tag or commit that is there; a branch of the remote must be fetched first: `git fetch origin main`, then `git:origin/main`.",
      });
}

function unreadable(commit: string, run: ProgramRun): KeryxError {
  return unavailable(`git could not read the files of ${commit}: ${firstLine(run.stderr)}`, {
    help: "Objects may be missing in a partial clone: fetch them first, Keryx uses no network here.",
  });
}

function unavailable(
  message: string,
  options: { readonly help?: string; readonly cause?: unknown } = {},
): KeryxError {
  return new KeryxError("baseline_unavailable", message, options);
}

const firstLine = (text: string): string => (text.trim().split("\n")[0] ?? "").slice(0, 500);

interface Blob {
  readonly path: string;
  readonly id: string;
  readonly size: number;
}

/** `<mode> <type> <id> <size>\t<path>`, ended by a zero byte. Plain files only. */
function parseTree(output: Buffer): readonly Blob[] {
  return output
    .toString("utf8")
    .split("\0")
    .flatMap((entry) => {
      const tab = entry.indexOf("\t");
      const [mode = "", type = "", id = "", size = ""] = entry.slice(0, tab).split(/ +/);
      const isFile = type === "blob" && (mode === "100644" || mode === "100755");
      return isFile ? [{ path: entry.slice(tab + 1), id, size: Number(size) }] : [];
    });
}

/** `<id> blob <size>`, a line feed, the bytes, a line feed; in the order that was asked. */
function parseBatch(output: Buffer, commit: string): readonly Buffer[] {
  const texts: Buffer[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const header = output.toString("utf8", at, end < 0 ? output.length : end);
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1] ?? Number.NaN);
    if (Number.isNaN(size))
      throw unavailable(`git could not read a file of ${commit}: ${header.slice(0, 200)}`, {
        help: "Objects may be missing in a partial clone: fetch them first, Keryx uses no network here.",
      });
    texts.push(output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return texts;
}

// Objects that a partial clone lacks are not fetched behind the user's back.
const offline = ["-c", "protocol.allow=never", "-c", "core.fsmonitor=false"];

function runGit(args: readonly string[], cwd: string, input?: string): Promise<ProgramRun> {
  const given = input === undefined ? {} : { input };
  const options = { cwd, env: environment(), maxOutputBytes, ...given };
  return runProgram("git", [...offline, ...args], options).catch((cause: Error) => {
    throw new KeryxError("dependency_missing", `git could not be started: ${cause.message}`, {
      cause,
      help: "Install git, or compare with the lock file: `--against lock`.",
    });
  });
}

const kept = [
  "PATH",
  "Path",
  "PATHEXT",
  "HOME",
  "USERPROFILE",
  "XDG_CONFIG_HOME",
  "SystemRoot",
  "TMPDIR",
  "TEMP",
];

/** Its own environment: inside a hook, git's own variables name an index and a folder that are not meant here. */
function environment(): NodeJS.ProcessEnv {
  return {
    ...passVariables(kept),
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
}
