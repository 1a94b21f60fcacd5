import { createRequire } from "node:module";
import { arch, endianness } from "node:os";
import { join } from "node:path";
import { KeryxError } from "../../../src/core/errors.ts";
import { type ProgramRun, passVariables, runProgram } from "../program.ts";

/** A complaint of the compiler. Line and column count from 1; the column counts bytes. */
export interface BufAnnotation {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type BufResult =
  | { readonly kind: "built"; readonly image: Uint8Array }
  | { readonly kind: "refused"; readonly annotations: readonly BufAnnotation[] };

const packages: Readonly<Record<string, string>> = {
  "darwin arm64": "buf-darwin-arm64",
  "darwin x64": "buf-darwin-x64",
  "linux arm": "buf-linux-armv7",
  "linux arm64": "buf-linux-aarch64",
  "linux x64": "buf-linux-x64",
  "win32 arm64": "buf-win32-arm64",
  "win32 x64": "buf-win32-x64",
};

/**
 * Path of buf's binary for this platform. The package's own launcher costs 70 ms a call, so it is passed by.
 * @throws KeryxError `dependency_missing` with the command that installs it.
 */
export function resolveBuf(projectRoot: string): string {
  return resolveBufFrom([import.meta.url, join(projectRoot, "package.json")]);
}

/** Looks for the binary as modules at the given places would. */
export function resolveBufFrom(from: readonly string[]): string {
  const platform = packages[`${process.platform} ${arch()}`];
  if (platform === undefined || endianness() !== "LE")
    throw new KeryxError("dependency_missing", `There is no buf for ${process.platform} ${arch()}.`, {
      help: "Generate on Linux, macOS or Windows and commit the result.",
    });
  const file = `@bufbuild/${platform}/bin/buf${process.platform === "win32" ? ".exe" : ""}`;
  const launcher = firstResolved(from, "@bufbuild/buf/package.json");
  if (launcher === undefined)
    throw new KeryxError("dependency_missing", "@bufbuild/buf is not installed; .proto files need it.", {
      help: "Run `npm install --save-dev @bufbuild/buf`.",
    });
  const binary = firstResolved([launcher, ...from], file);
  if (binary === undefined)
    throw new KeryxError(
      "dependency_missing",
      `The buf binary for ${process.platform} ${arch()} is missing.`,
      {
        help: "Run `npm install --save-dev --include=optional @bufbuild/buf`: it is an optional package, which `--omit=optional` leaves out.",
      },
    );
  return binary;
}

function firstResolved(from: readonly string[], request: string): string | undefined {
  for (const base of from)
    try {
      return createRequire(base).resolve(request);
    } catch {
      // Not there: the next place may have it.
    }
  return undefined;
}

/** Compiles all .proto files of a folder into one binary FileDescriptorSet, imports included. */
export async function buildImage(
  binary: string,
  folder: string,
  withSourceInfo: boolean,
): Promise<BufResult> {
  const run = await runBuf(
    binary,
    [
      ...["build", ".", "--as-file-descriptor-set", "--disable-symlinks", "--error-format", "json"],
      ...(withSourceInfo ? [] : ["--exclude-source-info"]),
      ...["--output", "-#format=binpb"],
    ],
    folder,
  );
  if (run.exitCode === 0) return { kind: "built", image: run.stdout };
  const annotations = run.stderr.split("\n").flatMap(parseAnnotation);
  if (annotations.length > 0) return { kind: "refused", annotations };
  throw failure("build the schemas", run);
}

/** Writes all .proto files of a folder and their imports, but for the standard ones, to another folder. */
export async function exportSources(binary: string, folder: string, target: string): Promise<void> {
  const run = await runBuf(binary, ["export", ".", "--disable-symlinks", "--output", target], folder);
  if (run.exitCode !== 0) throw failure("collect imported schemas", run);
}

export function failure(what: string, run: ProgramRun): KeryxError {
  return new KeryxError("generate_failed", `buf could not ${what}: ${run.stderr.trim().slice(0, 2000)}`, {
    help: "Read buf's message; Keryx runs it without network, so remote modules must be fetched before with `buf dep update`.",
  });
}

export function runBuf(binary: string, args: readonly string[], cwd: string): Promise<ProgramRun> {
  return runProgram(binary, args, { cwd, env: environment() }).catch((cause: Error) => {
    throw new KeryxError("generate_failed", `buf could not be started: ${cause.message}`, {
      cause,
      help: "Reinstall it: `npm install --save-dev @bufbuild/buf`.",
    });
  });
}

/** Its own environment: where its cache lies, and proxies that lead nowhere, so that generating never uses a network. */
function environment(): NodeJS.ProcessEnv {
  const nowhere = "http://127.0.0.1:9";
  const kept = passVariables([
    "HOME",
    "XDG_CACHE_HOME",
    "BUF_CACHE_DIR",
    "LOCALAPPDATA",
    "USERPROFILE",
    "SystemRoot",
    "TMPDIR",
    "TEMP",
  ]);
  return { ...kept, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere };
}

function parseAnnotation(line: string): readonly BufAnnotation[] {
  if (!line.startsWith("{")) return [];
  const found: unknown = JSON.parse(line);
  if (typeof found !== "object" || found === null) return [];
  const { path, start_line, start_column, message } = found as Readonly<Record<string, unknown>>;
  return [
    {
      path: typeof path === "string" ? path : "",
      line: typeof start_line === "number" ? start_line : 1,
      column: typeof start_column === "number" ? start_column : 1,
      message: typeof message === "string" ? message : "cannot be compiled",
    },
  ];
}
