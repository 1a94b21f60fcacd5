import { Command, CommanderError } from "commander";
import { errorTable, KeryxError } from "../../src/core/errors.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import {
  type CommandOptions,
  type CommandRow,
  commandOptions,
  type ExitCode,
  type Io,
  showArgument,
} from "./command.ts";

/** Escapes what a terminal would obey, and keeps the line ends of our own layout. */
function show(text: string): string {
  return text.split("\n").map(showText).join("\n");
}

/** Code, cause, next step; a stack only when it was asked for. */
function formatError(error: KeryxError, debug: boolean): string {
  const { cause } = error;
  const why = cause instanceof Error ? cause.message : cause === undefined ? "" : String(cause);
  const lines = [`error ${error.message}`];
  if (why !== "" && !error.message.includes(why)) lines.push(`  cause: ${why}`);
  lines.push(`  next:  ${error.help}`);
  if (debug) lines.push(`${error.stack}`, ...(cause instanceof Error ? [`caused by ${cause.stack}`] : []));
  return `${show(lines.join("\n"))}\n`;
}

/** The system's refusals, such as a missing permission, are no defects of ours. */
function toKeryxError(thrown: unknown): KeryxError {
  if (!(thrown instanceof Error && "syscall" in thrown && "code" in thrown)) return KeryxError.from(thrown);
  return new KeryxError("generate_failed", thrown.message, {
    cause: thrown,
    help: "Check that the path exists, is of the right kind and may be written.",
  });
}

function reportError(thrown: unknown, io: Io, json: boolean): ExitCode {
  const error = toKeryxError(thrown);
  if (json) {
    const { code, message, help } = error;
    io.out(`${showJson({ error: { code, message, help } })}\n`);
  }
  io.note(formatError(error, (io.env["KERYX_DEBUG"] ?? "") !== ""));
  return errorTable[error.code].exit;
}

/** What commander found wrong, in our own form. */
function usageError(error: CommanderError): KeryxError {
  const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return new KeryxError("usage", message, { help: "See `keryx --help`, or `--help` behind a command." });
}

function addCommand(parent: Command, row: CommandRow, run: (command: Command) => Promise<void>): void {
  const [last = "", ...before] = row.name.split(" ").reverse();
  let group = parent;
  for (const word of before.reverse())
    group = group.commands.find((one) => one.name() === word) ?? group.command(word);
  if (group !== parent)
    group.description(`Commands: ${[...group.commands.map((one) => one.name()), last].join(", ")}.`);
  const command = group.command(last).summary(row.summary).description(row.summary);
  if (row.argument) command.argument(showArgument(row.argument), row.argument.meaning);
  for (const option of row.options) {
    const [flag, meaning, repeatable] = commandOptions[option];
    if (repeatable === undefined) command.option(flag, meaning);
    else command.option(flag, meaning, (value: string, before: readonly string[] = []) => [...before, value]);
  }
  command.addHelpText("after", `\nExample:\n  $ ${row.example}`);
  command.action(() => run(command));
}

/**
 * Runs one command line against tables of commands. Never throws and never ends the process:
 * the answer is the exit code.
 */
export async function runProgram(
  args: readonly string[],
  rows: readonly CommandRow[],
  io: Io,
  version: string,
): Promise<ExitCode> {
  let exit: ExitCode = 0;
  let json = false;
  let said = "";
  const program = new Command("keryx")
    .description("Schema-first Protobuf and Avro messaging for Apache Kafka.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      // Errors are said in our own form below; this is help that was not asked for.
      writeErr: (text) => {
        said += text;
      },
      getOutHasColors: () => io.color.out,
      getErrHasColors: () => io.color.note,
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 done or yes, 1 error, 2 wrong usage, 3 checked and the answer is no.\nKERYX_DEBUG=1 shows the stack of an error.\n\nExample:\n  $ keryx generate",
    );
  for (const row of rows)
    addCommand(program, row, async (command) => {
      const options = command.opts<CommandOptions>();
      json = options.json === true || options.format === "json";
      const run = await row.load();
      exit = await run({ arguments: command.args, options, io });
    });
  try {
    await program.parseAsync(args, { from: "user" });
    return exit;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return reportError(thrown, io, json);
    if (thrown.exitCode === 0) return 0;
    if (thrown.code !== "commander.help") return reportError(usageError(thrown), io, json);
    io.note(said);
    return 2;
  }
}
