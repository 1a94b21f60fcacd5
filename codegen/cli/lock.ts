import { KeryxError } from "../../src/core/errors.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import { openRepository } from "../load/git.ts";
import { lockPath } from "../load/lock.ts";
import { changeLockFile, writeLockFile } from "../lock-file.ts";
import { emptyLock, type Lock, updateLock } from "../model/lock.ts";
import { mergeLocks } from "../model/lock-merge.ts";
import { parseLock } from "../model/lock-parse.ts";
import { historyOf, type Release, releaseDraft, releaseEvents } from "../model/lock-release.ts";
import type { Run } from "./command.ts";
import { findEvents } from "./find-event.ts";
import { loadPassing } from "./guard.ts";
import { openProject } from "./load.ts";

/** What became of an event; programs read it. */
interface Line {
  /** `left`: it was not asked for, and its draft is not released. */
  readonly state: Release["kind"] | "left";
  readonly event: string;
  readonly subject: string;
  /** Number of released versions under the subject. */
  readonly versions: number;
}

/** Makes a version of what the schemas say, for teams whose services register when they start. */
export const runLockRelease: Run = async (call) => {
  const { arguments: names, options, io } = call;
  const project = openProject(options, io);
  const checked = await loadPassing(project, call);
  if (checked === undefined) {
    io.note("Nothing was released.\n");
    return 3;
  }
  const { model } = checked;
  const asked = findEvents(model, names).map(({ name }) => [name] as const);
  let lines: readonly Line[] = [];
  const change = (current: Lock): Lock => {
    const { lock, releases } = releaseEvents(updateLock(current, model), asked);
    lines = model.events.map(({ name, options: { subject } }) => toLine(name, subject.value, lock, releases));
    return lock;
  };
  const isDry = options.dryRun === true;
  if (isDry) change(checked.lock);
  const lock = isDry ? "same" : await changeLockFile(project.root, change);
  if (options.json) io.out(`${showJson({ ok: true, dryRun: isDry, events: lines, lock })}\n`);
  else io.out(lines.map((line) => formatLine(line, isDry)).join(""));
  io.note(summary(lines, isDry));
  return 0;
};

function toLine(event: string, subject: string, lock: Lock, releases: ReadonlyMap<string, Release>): Line {
  const entry = lock.events.get(event) ?? { versions: [] };
  const release = releases.get(event);
  const isOpen = release === undefined && releaseDraft(entry).kind !== "same";
  return {
    state: isOpen ? "left" : (release?.kind ?? "same"),
    ...{ event, subject, versions: historyOf(entry, subject).length },
  };
}

function formatLine({ state, event, subject, versions }: Line, isDry: boolean): string {
  const would = isDry ? "would be " : "";
  const what = {
    released: `${would}released as version ${versions} of ${showText(subject)}`,
    updated: `${would}updated: its policy; no new version`,
    same: "unchanged",
    left: "left: its draft is not released",
  }[state];
  return `${showText(event)} ${what}\n`;
}

function summary(lines: readonly Line[], isDry: boolean): string {
  const count = (state: Line["state"]): number => lines.filter((line) => line.state === state).length;
  if (count("released") + count("updated") === 0) return "Nothing to release.\n";
  if (isDry) return "This was a dry run: nothing was written.\n";
  return `${count("released")} released, ${count("updated")} updated; commit ${lockPath}.\n`;
}

/** Puts the lock file together again where git stopped: released versions of both sides stay. */
export const runLockMerge: Run = async ({ options, io }) => {
  const { root } = openProject(options, io);
  const sides = await (await openRepository(root)).readConflict(lockPath);
  if (sides.ours === undefined && sides.theirs === undefined)
    throw new KeryxError("usage", `Git has no merge conflict in ${lockPath}.`, {
      help: "Run this in the project while a merge or rebase has stopped, before `git add`.",
    });
  const read = (side: keyof typeof sides): Lock => readSide(side, sides[side]);
  const merged = mergeLocks({
    ...(sides.base === undefined ? {} : { base: read("base") }),
    ...{ ours: read("ours"), theirs: read("theirs") },
  });
  await writeLockFile(root, merged);
  if (options.json) io.out(`${showJson({ ok: true, events: merged.events.size })}\n`);
  io.note(
    `${lockPath} holds the released versions of both sides. When the schemas are resolved, run \`keryx generate\`, \`keryx check\`, then \`git add\`.\n`,
  );
  return 0;
};

function readSide(side: string, bytes: Buffer | undefined): Lock {
  if (bytes === undefined) return emptyLock;
  const { lock, diagnostics } = parseLock(bytes.toString("utf8"), lockPath);
  const [problem] = diagnostics;
  if (problem === undefined) return lock;
  throw new KeryxError(
    "generate_failed",
    `${lockPath} of ${side} cannot be read, line ${problem.line}: ${problem.message}`,
    { help: problem.help },
  );
}
