import { isClean } from "../diagnostics.ts";
import { countDiagnostics, formatJson, formatText } from "../diagnostics-print.ts";
import { loadModel } from "../index.ts";
import type { Run } from "./command.ts";
import { openProject } from "./load.ts";

/** Checks the schemas. The findings are the data; the count is for people. */
export const runLint: Run = async ({ options, io }) => {
  const project = openProject(options, io);
  const { diagnostics } = await loadModel(project);
  const format = options.json ? formatJson : formatText;
  io.out(format(diagnostics, { prefix: project.prefix, color: io.color.out }));
  io.note(`${countDiagnostics(diagnostics)}\n`);
  return isClean(diagnostics) ? 0 : 3;
};
