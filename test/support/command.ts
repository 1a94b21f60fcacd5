import type { CommandRow, Io } from "../../codegen/cli/command.ts";
import { commands } from "../../codegen/cli/commands.ts";
import { runProgram } from "../../codegen/cli/program.ts";

/** What a command line answered. */
export interface CommandAnswer {
  readonly exit: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly note: string;
}

/** Runs a command line in this process, in a folder, with nothing of our own environment. */
export async function runCommand(
  cwd: string,
  args: readonly string[],
  env: Io["env"] = {},
  rows: readonly CommandRow[] = commands,
): Promise<CommandAnswer> {
  let out = "";
  let note = "";
  const io: Io = {
    cwd,
    env,
    color: { out: false, note: false },
    out: (text) => {
      out += text;
    },
    note: (text) => {
      note += text;
    },
  };
  const exit = await runProgram(args, rows, io, "1.2.3");
  return { exit, out, note };
}
