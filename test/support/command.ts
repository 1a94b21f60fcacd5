import type { Io } from "../../codegen/cli/command.ts";
import { commands } from "../../codegen/cli/commands.ts";
import { runProgram } from "../../codegen/cli/program.ts";

/** What of its surroundings a command line sees; nothing of our own environment. */
export interface CommandRun {
  readonly env?: Io["env"];
  /** Standard input, in whatever chunks. */
  readonly input?: Iterable<string | Uint8Array>;
  readonly color?: boolean;
  readonly columns?: number;
}

/** What a command line answered. */
export interface CommandAnswer {
  readonly exit: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly note: string;
}

/** Runs a command line in this process, in a folder. */
export async function runCommand(
  cwd: string,
  args: readonly string[],
  { env = {}, input, color = false, columns }: CommandRun = {},
): Promise<CommandAnswer> {
  const out: string[] = [];
  const note: string[] = [];
  const io: Io = {
    cwd,
    env,
    color: { out: color, note: color },
    out: (text) => out.push(text),
    note: (text) => note.push(text),
    ...(input === undefined ? {} : { input: toChunks(input) }),
    ...(columns === undefined ? {} : { columns }),
  };
  const exit = await runProgram(args, commands, io, "1.2.3");
  return { exit, out: out.join(""), note: note.join("") };
}

async function* toChunks(input: Iterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of input) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
}
