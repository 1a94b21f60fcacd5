import { spawn } from "node:child_process";
import { extname } from "node:path";
import type { Readable } from "node:stream";
import { create, type DescFile, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";
import { KeryxError } from "../../../src/core/errors.ts";
import { messagesPath } from "../../model/names.ts";
import type { ImportExtension } from "../file-scope.ts";
import { header, type OutputFile } from "../output.ts";
import { type Plugin, pluginOptions } from "./plugin.ts";

export interface MessagesRequest {
  /** The files to print, without our options. */
  readonly files: readonly DescFile[];
  readonly extension: ImportExtension;
  readonly plugin: Plugin;
}

/** Prints the messages of Protobuf files. @throws KeryxError `generate_failed` */
export type PrintMessages = (request: MessagesRequest) => Promise<readonly OutputFile[]>;

/** Answers a CodeGeneratorRequest with a CodeGeneratorResponse; `complaint` is what else the plugin said. */
export type AskPlugin = (
  request: Uint8Array,
) => Promise<{ readonly answer: Uint8Array; readonly complaint: string }>;

/** Runs protoc-gen-es once over the files, in a process of its own. */
export async function generateMessages(request: MessagesRequest): Promise<readonly OutputFile[]> {
  return printBy((bytes) => askProcess(request.plugin, bytes), request);
}

/** Starts it without anything of our environment. */
async function askProcess({ path }: Plugin, request: Uint8Array): ReturnType<AskPlugin> {
  const preload = new URL(`./plugin-process${extname(import.meta.url)}`, import.meta.url).href;
  const child = spawn(process.execPath, ["--import", preload, path], {
    env: {},
    stdio: ["pipe", "pipe", "pipe"],
    shell: false,
  });
  // A process that ends early, or never began, closes its streams; then it has printed nothing.
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.stdin.end(request);
  const [answer, complaint] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { answer, complaint: complaint.toString("utf8").trim() };
}

/** Has a plugin print the files. */
export async function printBy(
  ask: AskPlugin,
  { files, extension }: MessagesRequest,
): Promise<readonly OutputFile[]> {
  const asked = create(CodeGeneratorRequestSchema, {
    fileToGenerate: files.map(({ proto }) => proto.name),
    parameter: pluginOptions(extension).join(),
    protoFile: withImports(files).map(({ proto }) => proto),
  });
  const { answer, complaint } = await ask(toBinary(CodeGeneratorRequestSchema, asked));
  const { file: printed, error } = readAnswer(answer);
  const texts = new Map(printed.map(({ name, content }) => [name, content]));
  return files.map(({ proto }) => {
    const path = messagesPath(proto.name);
    const text = texts.get(path);
    if (text !== undefined) return asOutput(path, text);
    const why = error || complaint || "it ended without an answer";
    throw new KeryxError("generate_failed", `protoc-gen-es could not print ${path}: ${why.slice(0, 2_000)}`, {
      help: "Check that @bufbuild/protobuf and @bufbuild/protoc-gen-es are installed completely, in the same version.",
    });
  });
}

function readAnswer(bytes: Uint8Array): CodeGeneratorResponse {
  try {
    return fromBinary(CodeGeneratorResponseSchema, bytes);
  } catch (cause) {
    throw new KeryxError("generate_failed", "protoc-gen-es gave an answer that cannot be read.", { cause });
  }
}

/** Files with all that they import, each once and behind its imports. */
function withImports(files: readonly DescFile[]): readonly DescFile[] {
  const found = new Set<DescFile>();
  const visit = (file: DescFile): void => {
    if (found.has(file)) return;
    for (const one of file.dependencies) visit(one);
    found.add(file);
  };
  for (const file of files) visit(file);
  return [...found];
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A file of protoc-gen-es as one of ours. */
function asOutput(path: string, text: string): OutputFile {
  return { path, text: `${header}\n${text.replaceAll(/\r\n?/g, "\n").trimEnd()}\n` };
}
