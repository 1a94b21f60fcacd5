import type { DescEnum, DescField, DescFile, DescMessage } from "@bufbuild/protobuf";
import { eventsPath, messagesPath, protobufTypeName } from "../../model/names.ts";
import { type FileScope, runtime, wellKnown } from "../file-scope.ts";
import type { Declaration } from "../output.ts";
import { isWrapper } from "./subset.ts";

export type MessageFunction = Declaration & { kind: "function" };

/** One file's Protobuf codecs under construction. */
export interface MessageCodecs {
  readonly scope: FileScope;
  readonly file: DescFile;
  /** Fields whose text is kept longer than its payload: keys and dedupe ids. */
  readonly owned: ReadonlySet<DescField>;
  /** Functions that only this file uses: entries of maps, wrapper types. By name. */
  readonly helpers: Map<string, readonly MessageFunction[]>;
}

/** Local name of a function of the runtime. */
export function use(codecs: MessageCodecs, name: string): string {
  return codecs.scope.value(runtime, name);
}

/** Local name of a type of the runtime. */
export function useType(codecs: MessageCodecs, name: string): string {
  return codecs.scope.type(runtime, name);
}

/** The type of a message or enum, imported as a type only. */
export function messageType(codecs: MessageCodecs, message: DescMessage | DescEnum): string {
  const name = protobufTypeName(message);
  const path = message.file.proto.name;
  if (path === codecs.file.proto.name) return `${messagesOf(codecs)}.${name}`;
  return codecs.scope.type(
    message.kind === "message" && isWrapper(message) ? wellKnown : messagesPath(path),
    name,
  );
}

/** What senders may write for a message, imported as a type only. */
export function initType(codecs: MessageCodecs, message: DescMessage): string {
  const schema = `${protobufTypeName(message).replace(/\$$/, "")}Schema`;
  const path = message.file.proto.name;
  const shape = codecs.scope.type("@bufbuild/protobuf", "MessageInitShape");
  if (path === codecs.file.proto.name) return `${shape}<typeof ${messagesOf(codecs)}.${schema}>`;
  return `${shape}<typeof ${codecs.scope.type(isWrapper(message) ? wellKnown : messagesPath(path), schema)}>`;
}

function messagesOf({ scope, file }: MessageCodecs): string {
  return scope.namespace(messagesPath(file.proto.name), "pb", true);
}

/** Name of a message's function in the file that declares it. */
export function functionName(verb: string, message: DescMessage): string {
  return `${verb}${protobufTypeName(message)}`;
}

/** Local name of a message's function: its own, another file's, or a wrapper's, which each file has for itself. */
export function messageFunction(codecs: MessageCodecs, verb: string, message: DescMessage): string {
  const path = message.file.proto.name;
  if (path === codecs.file.proto.name || isWrapper(message)) return functionName(verb, message);
  return codecs.scope.value(eventsPath(path), functionName(verb, message));
}

/** Statements in a block, one step further in. */
export function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
