import { checkCompatibility } from "../../src/compatibility/engine.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { showJson } from "../diagnostics-print.ts";
import type { Io, Run } from "./command.ts";
import { toAnswer, toRefusal } from "./compat/answer.ts";
import { runBatch } from "./compat/batch.ts";
import { type CompatFile, readCompatFile } from "./compat/files.ts";
import { openImportFolder } from "./compat/folders.ts";
import { type CompatSettings, readCompatSettings } from "./compat/settings.ts";
import { formatCompat } from "./compat/text.ts";

/** Judges the last of the given schema files against those before it, oldest first. */
export const runCompat: Run = async ({ arguments: files, options, io }) => {
  if (options.batch === true) {
    if (files.length > 0 || options.import !== undefined)
      throw new KeryxError("usage", "`--batch` reads schemas and their imports from standard input.", {
        help: "Leave out files and `--import`.",
      });
    return runBatch(readCompatSettings(options, io), io);
  }
  if (files.length < 2)
    throw new KeryxError(
      "usage",
      "Two or more schema files are needed: the old ones, oldest first, and the new one.",
    );
  const settings = readCompatSettings(options, io);
  const folders = (options.import ?? []).map((folder) => openImportFolder(io.cwd, folder, "--import"));
  const json = options.json === true;
  try {
    const schemas = files.map((file, index) =>
      readCompatFile(file, {
        cwd: io.cwd,
        folders,
        isReleased: index < files.length - 1,
        ...(settings.type === undefined ? {} : { type: settings.type }),
      }),
    );
    return judge(schemas, settings, json, io);
  } catch (error) {
    if (!json || !(error instanceof KeryxError) || error.code !== "schema_invalid") throw error;
    io.out(`${showJson({ error: toRefusal(error) })}\n`);
    return 1;
  }
};

function judge(schemas: readonly CompatFile[], settings: CompatSettings, json: boolean, io: Io): 0 | 3 {
  const { level, dialect, verdicts } = settings;
  const history = schemas.slice(0, -1);
  const [newest] = schemas.slice(-1);
  if (newest === undefined) return 0;
  const verdict = checkCompatibility({ history, schema: newest.schema, level, dialect });
  const shown = { old: history, new: newest, width: io.columns ?? 120, color: io.color.out };
  io.out(json ? `${showJson(toAnswer(verdict))}\n` : formatCompat(verdict, shown));
  const answers = { registry: verdict.registry.compatible, wire: verdict.wire.safe };
  return verdicts.every((one) => answers[one]) ? 0 : 3;
}
