import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";

export type Signal = "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT";

/** A server process that dies with this one, however this one ends. */
export interface Child {
  readonly logFile: string;
  /** Undefined while it runs; afterwards how it ended. */
  ended(): string | undefined;
  /** Resolves with how the process ended. */
  readonly exit: Promise<string>;
  signal(signal: Signal): Promise<void>;
  /** The end of its log. */
  tail(lines?: number): string;
}

export interface ChildOptions {
  readonly logFile: string;
  readonly cwd?: string;
  /** How the child is tied to this process. Default: `setpriv` where the system has it, else `shell`. */
  readonly guard?: "setpriv" | "shell";
}

// The pid file tells the server's own pid: signals must reach the server, not the shell that watches over it.
const shellGuard =
  'exec 3<&0; p=$1; shift; "$@" & s=$!; echo $s >"$p"; (cat <&3 >/dev/null; kill -9 $s) & k=$!; wait $s; c=$?; kill $k; exit $c';

/**
 * Starts a server with its output in a log file. Call it from the main thread: the kernel ties the child to the
 * *thread* that started it.
 */
export function spawnChild(command: string, args: readonly string[], options: ChildOptions): Child {
  const guard = options.guard ?? defaultGuard();
  const log = openSync(options.logFile, "a");
  writeSync(log, `--- ${new Date().toISOString()} ${command} ${args.join(" ")}\n`);
  const pidFile = `${options.logFile}.pid`;
  const [program, words] =
    guard === "setpriv"
      ? ["setpriv", ["--pdeathsig", "KILL", command, ...args]]
      : ["sh", ["-c", shellGuard, "sh", pidFile, command, ...args]];
  const child = spawn(program, words, {
    cwd: options.cwd,
    stdio: [guard === "shell" ? "pipe" : "ignore", log, log],
  });
  closeSync(log);
  // Only a listener keeps a failing spawn from ending this process; `exit` reports it.
  child.stdin?.on("error", () => {});
  let ended: string | undefined;
  const exit = watchExit(child).then((how) => {
    ended = how;
    child.stdin?.destroy();
    return how;
  });
  return {
    logFile: options.logFile,
    exit,
    ended: () => ended,
    async signal(signal) {
      if (ended !== undefined) return;
      if (guard === "setpriv") child.kill(signal);
      else process.kill(Number(await readFile(pidFile, "utf8")), signal);
      if (signal === "SIGKILL" || signal === "SIGTERM") await exit;
    },
    tail: (lines = 25) =>
      readFileSync(options.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n"),
  };
}

function watchExit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function defaultGuard(): "setpriv" | "shell" {
  const probe = spawnSync("setpriv", ["--pdeathsig", "KILL", "true"], { stdio: "ignore" });
  return probe.status === 0 ? "setpriv" : "shell";
}
