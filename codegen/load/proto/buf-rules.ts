import type { Span } from "../../diagnostics.ts";
import { optionsPath } from "../options.ts";
import type { ProgramRun } from "../program.ts";
import { failure, runBuf } from "./buf.ts";
import { linesOf, offsetOfColumn } from "./columns.ts";

/** What one of buf's rules has to say. */
export interface BufComplaint {
  /** Buf's name, for example `FIELD_SAME_TYPE`. */
  readonly rule: string;
  /** Below the schema root; undefined when buf names no place, as for a file that is gone. */
  readonly at?: Span;
  readonly message: string;
}

/**
 * The team's own `buf lint` over a folder of .proto files.
 * @throws KeryxError `generate_failed` when buf gives no answer
 */
export async function lintWithBuf(
  binary: string,
  folder: string,
  inputs: ReadonlyMap<string, string>,
): Promise<readonly BufComplaint[]> {
  const run = await runBuf(binary, ["lint", ".", ...format], folder);
  return complaintsOf("apply the lint rules of buf.yaml", run, inputs);
}

/** The team's own `buf breaking` against an image; @throws as `lintWithBuf` */
export async function compareWithBuf(
  binary: string,
  folder: string,
  image: string,
  inputs: ReadonlyMap<string, string>,
): Promise<readonly BufComplaint[]> {
  const run = await runBuf(binary, ["breaking", ".", "--against", image, ...format], folder);
  return complaintsOf("apply the breaking rules of buf.yaml", run, inputs);
}

/** Compiles a folder into an image file. @throws KeryxError `generate_failed` */
export async function writeImage(binary: string, folder: string, image: string): Promise<void> {
  const run = await runBuf(binary, ["build", ".", "--disable-symlinks", "--output", image], folder);
  if (run.exitCode !== 0) throw failure("build the schemas to compare with", run);
}

const format = ["--disable-symlinks", "--error-format", "json"];
/** Buf's own exit code for "there is something to say". */
const complained = 100;

function complaintsOf(
  what: string,
  run: ProgramRun,
  inputs: ReadonlyMap<string, string>,
): readonly BufComplaint[] {
  if (run.exitCode === 0) return [];
  if (run.exitCode !== complained) throw failure(what, run);
  const found = parseLines(run);
  // A no without a reason must not become a yes.
  if (found === undefined || found.length === 0) throw failure(what, run);
  return found.flatMap(({ path, start_line, start_column, type, message }) => {
    const file = typeof path === "string" ? path.replaceAll("\\", "/") : undefined;
    // Our options file is not theirs to mend.
    if (file === optionsPath) return [];
    const at = file === undefined ? undefined : placeOf(file, start_line, start_column, inputs.get(file));
    return [{ rule: String(type), message: String(message), ...(at === undefined ? {} : { at }) }];
  });
}

function parseLines({ stdout }: ProgramRun): readonly Readonly<Record<string, unknown>>[] | undefined {
  const lines = Buffer.from(stdout)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  try {
    const found = lines.map((line): unknown => JSON.parse(line));
    return found.every((one) => typeof one === "object" && one !== null) ? (found as never) : undefined;
  } catch {
    return undefined;
  }
}

/** Buf counts columns as a terminal shows them. */
function placeOf(file: string, line: unknown, column: unknown, text: string | undefined): Span {
  const number = typeof line === "number" ? line : 1;
  const found = linesOf(text ?? "")[number - 1];
  const offset = typeof column === "number" && found ? offsetOfColumn(found.text, column - 1) : undefined;
  return { file, line: number, column: (offset ?? 0) + 1 };
}
