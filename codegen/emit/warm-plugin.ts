import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { KeryxError } from "../../src/core/errors.ts";
import type { OutputFile } from "./output.ts";
import {
  asOutput,
  generateMessages,
  type MessagesRequest,
  type Plugin,
  type PrintMessages,
  pluginOptions,
} from "./protobuf-messages.ts";

/** Prints Protobuf messages by a process that is started before it is needed: most of its time is its start. */
export interface WarmPlugin {
  readonly print: PrintMessages;
  close(): void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Keeps one idle protoc-gen-es at hand, for whoever prints again and again. The first run starts it. */
export function createWarmPlugin(): WarmPlugin {
  let waiting: { readonly path: string; readonly child: Child } | undefined;

  const prepare = ({ path }: Plugin): void => {
    const child = spawn(process.execPath, [path], { env: {}, stdio: ["pipe", "pipe", "pipe"] });
    // It may end before it was asked for anything; then the next run does without it.
    child.on("error", () => forget(child));
    child.on("close", () => forget(child));
    child.stdin.on("error", () => {});
    // An idle helper keeps nobody from ending.
    child.unref();
    waiting = { path, child };
  };
  const forget = (child: Child): void => {
    if (waiting?.child === child) waiting = undefined;
  };

  return {
    async print(request) {
      const ready = waiting?.path === request.plugin.path ? waiting.child : undefined;
      waiting = undefined;
      try {
        return await (ready === undefined ? generateMessages(request) : ask(ready, request));
      } finally {
        prepare(request.plugin);
      }
    },
    close() {
      waiting?.child.kill();
      waiting = undefined;
    },
  };
}

async function ask(child: Child, request: MessagesRequest): Promise<readonly OutputFile[]> {
  child.ref();
  const { file: protoFile } = fromBinary(FileDescriptorSetSchema, request.image);
  const asked = create(CodeGeneratorRequestSchema, {
    fileToGenerate: request.paths.map((path) => path.replace(/_pb\.ts$/, ".proto")),
    parameter: pluginOptions(request.extension).join(),
    protoFile,
  });
  child.stdin.end(toBinary(CodeGeneratorRequestSchema, asked));
  const [bytes, complaint] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  const answer = fromBinary(CodeGeneratorResponseSchema, bytes);
  const texts = new Map(answer.file.map(({ name, content }) => [name, content]));
  return request.paths.map((path) => {
    const text = texts.get(path);
    if (text !== undefined) return asOutput(path, text);
    throw new KeryxError(
      "generate_failed",
      `protoc-gen-es could not print ${path}: ${(answer.error || complaint.toString("utf8")).slice(0, 2_000)}`,
    );
  });
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
