import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { CommandAnswer } from "./command.ts";

export const root: string = join(import.meta.dirname, "..", "..");
/** The event that `keryx init` writes. */
export const sample = "schemas/shop/v1/order_placed.proto";

export interface ProcessRun {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly bin?: string;
  /** Closes standard output after the first bytes, as `head` does. */
  readonly closeEarly?: boolean;
}

/** The command in a process of its own, with nothing of the developer's environment that could matter. */
export function keryx(
  args: readonly string[],
  { cwd, env, bin = join(root, "bin", "keryx.mjs"), closeEarly = false }: ProcessRun,
): Promise<CommandAnswer> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, ["--conditions=@keryx/source", bin, ...args], {
    cwd,
    env: { PATH, HOME, NODE_OPTIONS: "--disable-warning=ExperimentalWarning", ...env },
  });
  let out = "";
  let note = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (closeEarly) child.stdout.destroy();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    note += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit) => resolve({ exit: exit ?? -1, out, note }));
  });
}

export function put(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Every file below a folder with its time of change and content. */
export function snapshot(folder: string): ReadonlyMap<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return new Map(
    files.map((path) => {
      const file = join(folder, path);
      return [path, `${statSync(file).mtimeMs} ${readFileSync(file, "utf8")}`];
    }),
  );
}

/** The folder of each test: a project after `keryx init`, made once and copied. */
export interface ProjectBench {
  readonly folder: string;
  /** The project of this test has been generated. */
  generated(): void;
}

/** To be called in a `describe`. */
export function projectBench({ isGenerated = false }: { readonly isGenerated?: boolean } = {}): ProjectBench {
  const templates = mkdtempSync(join(tmpdir(), "keryx-cli-"));
  const started = join(templates, "started");
  const complete = join(templates, "complete");
  let folder: string;

  before(async () => {
    mkdirSync(started);
    expect((await keryx(["init"], { cwd: started })).exit).to.equal(0);
    if (!isGenerated) return;
    cpSync(started, complete, { recursive: true });
    expect((await keryx(["generate"], { cwd: complete })).exit).to.equal(0);
  });
  after(() => rmSync(templates, { recursive: true, force: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keryx-cli-"));
    cpSync(started, folder, { recursive: true });
  });
  afterEach(() => {
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    get folder() {
      return folder;
    },
    generated: () => cpSync(complete, folder, { recursive: true }),
  };
}
