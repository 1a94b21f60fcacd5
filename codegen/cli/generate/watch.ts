import { type FSWatcher, readdirSync, watch } from "node:fs";
import { extname, join } from "node:path";
import { KeryxError } from "../../../src/core/errors.ts";
import { showText } from "../../diagnostics-print.ts";
import type { Io } from "../command.ts";
import type { OpenProject } from "../load.ts";

export interface Watching {
  /** Reads the settings, anew for each run. */
  readonly open: () => OpenProject;
  readonly run: (project: OpenProject) => Promise<unknown>;
  readonly io: Io;
}

/** Saves that follow one another within this time are one. */
const quietMs = 40;

/**
 * Runs at once, and again after each change, until the process is told to end; a run under way is finished first.
 * A run that fails is told of and ends nothing.
 * @throws KeryxError where the project cannot be opened or watched in the first place
 */
export async function watchProject({ open, run, io }: Watching): Promise<void> {
  const changes = createChanges();
  let { root, schemas } = open();
  let watchers = watchFiles(root, schemas, changes.saw);
  void io.interrupted?.().then(changes.end);
  try {
    do {
      try {
        const project = open();
        if (project.schemas !== schemas) {
          for (const one of watchers) one.close();
          ({ root, schemas } = project);
          watchers = watchFiles(root, schemas, changes.saw);
        }
        await run(project);
      } catch (thrown) {
        const { message, help } = KeryxError.from(thrown);
        io.note(`error ${showText(message)}\n  next:  ${showText(help)}\n`);
      }
      io.note("Watching for changes; Ctrl-C ends it.\n");
    } while (await changes.next());
  } finally {
    changes.end();
    for (const one of watchers) one.close();
  }
}

/** Changes one after the other, those of a burst as one; what comes while nobody waits is kept. */
function createChanges(): { saw(): void; end(): void; next(): Promise<boolean> } {
  let hasChange = false;
  let isEnded = false;
  let quiet: NodeJS.Timeout | undefined;
  let wake = (): void => {};
  return {
    saw() {
      clearTimeout(quiet);
      quiet = setTimeout(() => {
        hasChange = true;
        wake();
      }, quietMs);
    },
    end() {
      clearTimeout(quiet);
      isEnded = true;
      wake();
    },
    async next() {
      if (!hasChange && !isEnded)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      hasChange = false;
      return !isEnded;
    },
  };
}

/** Files of the root that decide what is generated; whatever else lies there does not. */
const rootFiles: ReadonlySet<string> = new Set(["keryx.yaml", "buf.yaml", "buf.lock", "tsconfig.json"]);
/** Without an ending it is a folder that came or went. */
const schemaEndings: ReadonlySet<string> = new Set([".proto", ".avsc", ""]);

function watchFiles(root: string, schemas: string, saw: () => void): readonly FSWatcher[] {
  const listen = (folder: string, recursive: boolean, isOurs: (name: string) => boolean): FSWatcher => {
    try {
      // Watching a folder with those in it reports no missing one on every system.
      if (recursive) readdirSync(folder);
      const watcher = watch(folder, { recursive }, (_, name) => {
        if (name === null || isOurs(name)) saw();
      });
      // A folder that is gone is found out by the run that it sets going.
      return watcher.on("error", saw);
    } catch (cause) {
      throw new KeryxError("generate_failed", `${folder} cannot be watched.`, {
        cause,
        help: "Check that the folder is there; `keryx init` makes one.",
      });
    }
  };
  return [
    listen(join(root, schemas), true, (name) => schemaEndings.has(extname(name))),
    listen(root, false, (name) => rootFiles.has(name)),
  ];
}
