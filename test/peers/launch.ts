import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Operation, operationNames } from "./operations.ts";
import type { Program } from "./peers.ts";
import type { PeerServer } from "./servers.ts";

/** What a peer said of one operation. */
export interface Result {
  readonly op: Operation;
  /** `absent`: the client does not have it. */
  readonly state: "passed" | "failed" | "absent";
  readonly detail: string;
  readonly ms: number;
}

/** What a peer said of the whole list. */
export interface Outcome {
  /** The client's name and version, in its own words. */
  readonly client: string;
  readonly results: readonly Result[];
}

export interface LaunchOptions {
  /** Default: all. */
  readonly operations?: readonly Operation[];
  /** Further surroundings, for example another address for the brokers. */
  readonly env?: Readonly<Record<string, string>>;
}

const longestMs = 600_000;

/** Runs a peer's program; an operation that it says nothing of has failed. */
export async function launch(
  program: Program,
  server: PeerServer,
  { operations = operationNames, env = {} }: LaunchOptions = {},
): Promise<Outcome> {
  const child = spawn(program.command, program.args, {
    env: {
      ...process.env,
      ...program.env,
      ...server.env,
      ...env,
      PREFIX: `p${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`,
      OPERATIONS: operations.join(","),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(kill, longestMs);
  process.once("exit", kill);
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  let client = "";
  const results = new Map<string, Result>();
  for await (const line of createInterface({ input: child.stdout })) {
    const told = parse(line);
    if (told?.client !== undefined) client = told.client;
    const op = operations.find((one) => one === told?.op);
    if (op === undefined || told === undefined) continue;
    const state = told.ok === null ? "absent" : told.ok === true ? "passed" : "failed";
    results.set(op, { op, state, detail: told.detail ?? "", ms: told.ms ?? 0 });
  }
  const end = await ended;
  clearTimeout(timer);
  process.off("exit", kill);
  const silent = (op: Operation): Result => {
    const why = complaint.split("\n").find((line) => /error/i.test(line)) ?? "";
    return { op, state: "failed", detail: `nothing was said (${end}) ${why.trim()}`, ms: 0 };
  };
  return { client, results: operations.map((op) => results.get(op) ?? silent(op)) };
}

interface Line {
  readonly client?: string;
  readonly op?: string;
  readonly ok?: boolean | null;
  readonly detail?: string;
  readonly ms?: number;
}

function parse(line: string): Line | undefined {
  try {
    const told: unknown = JSON.parse(line);
    return typeof told === "object" && told !== null ? told : undefined;
  } catch {
    // Clients print to standard output, too.
    return undefined;
  }
}
