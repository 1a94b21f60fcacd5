import { expect } from "chai";
import { type CommandRow, commandOptions, type Io } from "../../../../codegen/cli/command.ts";
import { commands } from "../../../../codegen/cli/commands.ts";
import { runProgram } from "../../../../codegen/cli/program.ts";
import { KeryxError } from "../../../../src/core/errors.ts";

interface Answer {
  readonly exit: number;
  readonly out: string;
  readonly note: string;
}

async function run(
  args: readonly string[],
  rows: readonly CommandRow[] = commands,
  env: Io["env"] = {},
): Promise<Answer> {
  let out = "";
  let note = "";
  const io: Io = {
    cwd: import.meta.dirname,
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

function failing(thrown: unknown): readonly CommandRow[] {
  return [
    {
      name: "fail",
      summary: "Fails.",
      options: ["json"],
      example: "keryx fail",
      load: async () => async () => {
        throw thrown;
      },
    },
  ];
}

describe("the command line", () => {
  it("prints help to standard output, with an example for every command", async () => {
    const { exit, out, note } = await run(["--help"]);
    expect([exit, note]).to.deep.equal([0, ""]);
    expect(out).to.include("Exit codes:");
    for (const row of commands) {
      const help = await run([...row.name.split(" "), "--help"]);
      expect(help.exit).to.equal(0);
      expect(help.out).to.include(`$ ${row.example}`);
      for (const option of row.options) expect(help.out).to.include(commandOptions[option][0]);
    }
  });

  it("prints its version", async () => {
    expect(await run(["--version"])).to.deep.equal({ exit: 0, out: "1.2.3\n", note: "" });
  });

  it("takes an unknown command, flag or argument for wrong usage and says what was meant", async () => {
    for (const args of [
      ["genrate"],
      ["generate", "--chek"],
      ["lint", "extra"],
      ["explain"],
      ["init", "--project"],
    ]) {
      const { exit, out, note } = await run(args);
      expect([exit, out], args.join(" ")).to.deep.equal([2, ""]);
      expect(note).to.match(/^error \[usage\] .+\n {2}next: {2}See `keryx --help`/);
    }
    expect((await run(["genrate"])).note).to.include("generate");
    expect((await run(["generate", "--chek"])).note).to.include("--check");
  });

  it("shows help on standard error when no command is named", async () => {
    for (const args of [[], ["config"]]) {
      const { exit, out, note } = await run(args);
      expect([exit, out]).to.deep.equal([2, ""]);
      expect(note).to.include("Usage: keryx");
    }
  });

  it("shows an error as code, cause and next step, with the exit code of its row", async () => {
    const cause = new Error("connect ECONNREFUSED");
    const error = new KeryxError("config_invalid", "keryx.yaml:3: no such key.", {
      cause,
      help: "Remove it.",
    });
    const { exit, out, note } = await run(["fail"], failing(error));
    expect([exit, out]).to.deep.equal([2, ""]);
    expect(note).to.equal(
      "error [config_invalid] keryx.yaml:3: no such key.\n  cause: connect ECONNREFUSED\n  next:  Remove it.\n",
    );
  });

  it("shows a stack only under KERYX_DEBUG", async () => {
    const rows = failing(new TypeError("boom"));
    const quiet = await run(["fail"], rows);
    expect(quiet.note).to.match(/^error \[internal\] boom\n {2}next: {2}[^\n]+\n$/);
    expect(quiet.exit).to.equal(1);
    expect((await run(["fail"], rows, { KERYX_DEBUG: "1" })).note).to.include("program.test.ts");
  });

  it("shows an error as JSON too when JSON was asked for", async () => {
    const { out, note } = await run(["fail", "--json"], failing(new KeryxError("generate_failed", "No.")));
    const { error } = JSON.parse(out);
    expect(error).to.include({ code: "generate_failed", message: "[generate_failed] No." });
    expect(note).to.include("[generate_failed] No.");
  });

  it("escapes what a terminal would obey, in arguments and in errors", async () => {
    const bell = await run(["\u001b[31m\u0007"]);
    expect(bell.note).to.include("\\x1b[31m\\x07");
    const error = await run(["fail"], failing(new Error("line\u001b]0;title\u0007")));
    for (const { note } of [bell, error]) expect(note.replaceAll("\n", "")).to.not.match(/\p{Cc}/u);
  });
});
