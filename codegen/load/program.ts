import { spawn } from "node:child_process";

/** How another program ended, and what it said. */
export interface ProgramRun {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd: string;
  /** All that it gets: nothing of our own environment beside it. */
  readonly env: NodeJS.ProcessEnv;
  /** What it reads. Default: nothing. */
  readonly input?: string;
  /** Ends a program that says more than this on standard output. Default: no bound. */
  readonly maxOutputBytes?: number;
}

/** Runs a program without a shell. Rejects with the system's error when it cannot be started. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env, input = "", maxOutputBytes = Number.POSITIVE_INFINITY }: ProgramOptions,
): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], shell: false });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxOutputBytes) stdout.push(chunk);
      else child.kill();
    });
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.once("error", reject);
    child.once("close", (exitCode) =>
      resolve({ exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") }),
    );
    // A program that ends early closes its input; its exit code says why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** The variables of our environment that a program may see, those that are set. */
export function passVariables(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
