import { isUnchanged } from "../unchanged.ts";
import type { Run } from "./command.ts";
import { tell, upToDate } from "./generate/answer.ts";
import { isReleased, targetOf } from "./generate/target.ts";
import { openProject } from "./load.ts";

/** Schemas in, code and lock file out. What reads and prints them is loaded only where something has changed. */
export const runGenerate: Run = async (call) => {
  const { options, io } = call;
  const run = () => import("./generate/run.ts");
  if (options.watch === true) return (await run()).watch(call);
  const project = openProject(options, io);
  // Whether the pages are as they should be is seen from the model only.
  const isQuick = isReleased && options.docs !== true;
  if (isQuick && (await isUnchanged(project, targetOf(project)))) {
    tell([], io, options.json, true);
    io.note(options.check ? upToDate.check : upToDate.write);
    return 0;
  }
  return (await run()).generate(project, call);
};
