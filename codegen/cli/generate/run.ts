import { KeryxError } from "../../../src/core/errors.ts";
import { showText } from "../../diagnostics-print.ts";
import { createWarmPlugin } from "../../emit/warm-plugin.ts";
import { compare, emit } from "../../index.ts";
import { lockPath } from "../../load/lock.ts";
import type { CheckedModel } from "../../project.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { loadClean, type OpenProject, openProject } from "../load.ts";
import { type Entry, tell, upToDate } from "./answer.ts";
import { compareDocs, planDocs, writeDocs } from "./docs.ts";
import { type Standing, targetOf } from "./target.ts";
import { watchProject } from "./watch.ts";

async function checkOutput(
  project: OpenProject,
  checked: CheckedModel,
  { options, io }: Invocation,
): Promise<ExitCode> {
  const docs = options.docs === true ? await compareDocs(project.root, planDocs(checked.model)) : [];
  const entries: readonly Entry[] = [...(await compare(project, checked, targetOf(project))), ...docs];
  tell(entries, io, options.json, entries.length === 0);
  if (entries.length === 0) {
    io.note(upToDate.check);
    return 0;
  }
  io.note(`${entries.length} out of date. Run \`keryx generate\` and commit the result.\n`);
  return 3;
}

async function writeOutput(
  project: OpenProject,
  checked: CheckedModel,
  { options, io }: Invocation,
  standing?: Standing,
): Promise<ExitCode> {
  const target = targetOf(project, standing);
  const { written, deleted, overwritten, left, lock } = await emit(project, checked, target);
  if (standing !== undefined) standing.hasPrinted = true;
  const docs = options.docs === true ? await writeDocs(project.root, planDocs(checked.model)) : [];
  const own = (path: string): string => `${project.out}/${path}`;
  const entries: readonly Entry[] = [
    ...written.map((path): Entry => ({ kind: "written", path: own(path) })),
    ...deleted.map((path): Entry => ({ kind: "deleted", path: own(path) })),
    ...(lock === "same" ? [] : [{ kind: "written", path: lockPath } as const]),
    ...docs.map((path): Entry => ({ kind: "written", path })),
  ];
  tell(entries, io, options.json, true);
  for (const path of overwritten)
    io.note(`warning ${showText(own(path))} had been edited by hand; it was generated anew.\n`);
  for (const path of left)
    io.note(
      `warning ${showText(own(path))} looks generated, but no run of this folder wrote it; it stays.\n`,
    );
  const count = entries.length;
  io.note(count === 0 ? upToDate.write : `${count} ${count === 1 ? "file" : "files"} changed.\n`);
  return 0;
}

/** Schemas in, code and lock file out; nothing is written while there is an error. */
export async function generate(
  project: OpenProject,
  call: Invocation,
  standing?: Standing,
): Promise<ExitCode> {
  const { options, io } = call;
  const checked = await loadClean(project, io);
  if (checked === undefined) {
    io.note("Nothing was written.\n");
    return 1;
  }
  return options.check ? checkOutput(project, checked, call) : writeOutput(project, checked, call, standing);
}

/** Generates again after each change. An error is shown, and the last good output stays. */
export async function watch(call: Invocation): Promise<ExitCode> {
  const { options, io } = call;
  if (options.check === true)
    throw new KeryxError("usage", "`--check` writes nothing, so there is nothing to watch for.", {
      help: "Use one of `--check` and `--watch`.",
    });
  const standing: Standing = { printMessages: createWarmPlugin(), hasPrinted: false };
  await watchProject({
    open: () => openProject(options, io),
    run: (project) => generate(project, call, standing),
    io,
  });
  return 0;
}
