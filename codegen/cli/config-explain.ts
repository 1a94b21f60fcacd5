import { explainConfig } from "../../src/config/explain.ts";
import { loadConfig } from "../../src/config/load.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import type { Run } from "./command.ts";
import { findRoot } from "./project.ts";

/** Every setting with its value and source; secrets masked. */
export const runConfigExplain: Run = async ({ options, io }) => {
  const config = loadConfig({ cwd: findRoot(options, io), environment: io.env });
  const rows = explainConfig(config);
  if (options.json) {
    io.out(`${showJson({ file: config.file ?? null, settings: rows })}\n`);
    return 0;
  }
  const width = Math.max(...rows.map((row) => row.path.length));
  for (const { path, value, at } of rows)
    io.out(`${showText(path.padEnd(width))}  ${showText(value)}  ${showText(at)}\n`);
  return 0;
};
