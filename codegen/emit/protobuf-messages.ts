import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { KeryxError } from "../../src/core/errors.ts";
import type { ImportExtension } from "./file-scope.ts";
import { header, type OutputFile } from "./output.ts";

export interface MessagesRequest {
  /** Binary FileDescriptorSet without our options; files that are only imported are marked so. */
  readonly image: Uint8Array;
  /** Paths of the files to write, relative to the output folder. */
  readonly paths: readonly string[];
  readonly extension: ImportExtension;
  /** Path of buf's binary. */
  readonly buf: string;
  readonly plugin: Plugin;
}

export interface Plugin {
  readonly path: string;
  readonly version: string;
}

/** Prints the messages of Protobuf files. @throws KeryxError `generate_failed` */
export type PrintMessages = (request: MessagesRequest) => Promise<readonly OutputFile[]>;

/** Finds protoc-gen-es from here or from the project; undefined when it is not installed. */
export function findPlugin(projectRoot: string): Plugin | undefined {
  for (const base of [import.meta.url, join(projectRoot, "package.json")])
    try {
      const require = createRequire(base);
      const path = require.resolve("@bufbuild/protoc-gen-es/package.json");
      const { version } = require(path) as { readonly version: string };
      return { path: join(dirname(path), "bin", "protoc-gen-es"), version };
    } catch {
      // Not there: the project may have it.
    }
  return undefined;
}

/** @throws KeryxError `dependency_missing` with the command that installs it */
export function resolvePlugin(projectRoot: string): Plugin {
  const found = findPlugin(projectRoot);
  if (found !== undefined) return found;
  throw new KeryxError(
    "dependency_missing",
    "@bufbuild/protoc-gen-es is not installed; .proto files need it.",
    {
      help: "Run `npm install --save-dev @bufbuild/protoc-gen-es`.",
    },
  );
}

/** Options of the plugin; a change of them is a change of the output. */
export function pluginOptions(extension: ImportExtension): readonly string[] {
  return ["target=ts", `import_extension=${extension}`, "erasable_syntax=true"];
}

/** Runs protoc-gen-es once over the image, in a folder of its own, and hands back its files. */
export async function generateMessages(request: MessagesRequest): Promise<readonly OutputFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "keryx-"));
  try {
    await writeFile(join(folder, "image.binpb"), request.image);
    await writeFile(join(folder, "buf.gen.yaml"), template(request));
    await mkdir(join(folder, "out"));
    await runBuf(request.buf, folder);
    return await Promise.all(
      request.paths.map(async (path) => {
        return asOutput(path, await readFile(join(folder, "out", ...path.split("/")), "utf8"));
      }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file of protoc-gen-es as one of ours. */
export function asOutput(path: string, text: string): OutputFile {
  return { path, text: `${header}\n${text.replaceAll(/\r\n?/g, "\n").trimEnd()}\n` };
}

// JSON is YAML. One call for all files: the default strategy starts the plugin once for each folder.
function template(request: MessagesRequest): string {
  const local = [process.execPath, request.plugin.path];
  const plugin = { local, out: "out", opt: pluginOptions(request.extension), strategy: "all" };
  return JSON.stringify({ version: "v2", plugins: [plugin] });
}

function runBuf(buf: string, folder: string): Promise<void> {
  const nowhere = "http://127.0.0.1:9";
  // Its own environment, without secrets of ours, and without a network.
  const env = {
    PATH: [dirname(process.execPath), dirname(buf)].join(delimiter),
    HOME: folder,
    BUF_CACHE_DIR: folder,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    ...(process.env["SystemRoot"] === undefined ? {} : { SystemRoot: process.env["SystemRoot"] }),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(buf, ["generate", "image.binpb", "--template", "buf.gen.yaml"], {
      cwd: folder,
      env,
      shell: false,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (complaint.length < 2000) complaint += chunk.toString("utf8");
    });
    child.once("error", (cause) => reject(failure(cause.message, cause)));
    child.once("close", (exitCode) =>
      exitCode === 0 ? resolve() : reject(failure(complaint.trim().slice(0, 2000))),
    );
  });
}

function failure(what: string, cause?: unknown): KeryxError {
  return new KeryxError("generate_failed", `protoc-gen-es could not print the Protobuf messages: ${what}`, {
    cause,
    help: "Check that @bufbuild/buf and @bufbuild/protoc-gen-es are installed completely.",
  });
}
