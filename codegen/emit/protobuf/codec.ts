import type { DescField, DescFile, DescMessage } from "@bufbuild/protobuf";
import type { ProjectModel } from "../../model/model.ts";
import type { FileScope } from "../file-scope.ts";
import { functionName, type MessageCodecs, type MessageFunction } from "./context.ts";
import { createMessage, emptyMessage } from "./create.ts";
import { readMessage } from "./read.ts";
import { fallbackReason, isTime, isWrapper, reachableFrom } from "./subset.ts";
import { writeMessage } from "./write.ts";

/** Which Protobuf messages get straight-line codecs, and why events have none. */
export interface MessagePlan {
  /** Every message of the project that an event with such a codec reaches, by its file. */
  readonly messages: ReadonlyMap<DescFile, ReadonlySet<DescMessage>>;
  /** By full name of the event. */
  readonly fallbacks: ReadonlyMap<string, string>;
  readonly owned: ReadonlySet<DescField>;
}

/** Decides for each Protobuf event how it is encoded and decoded. */
export function planMessages(model: ProjectModel): MessagePlan {
  const messages = new Map<DescFile, Set<DescMessage>>();
  const known = new Set(model.protobuf?.files.map(({ proto }) => proto.name));
  const fallbacks = new Map<string, string>();
  const owned = new Set<DescField>();
  for (const event of model.events) {
    if (event.source.kind !== "protobuf") continue;
    const { message } = event.source;
    const reason = fallbackReason(message, known);
    if (reason !== undefined) fallbacks.set(event.name, reason);
    else
      for (const one of reachableFrom(message))
        messages.set(one.file, (messages.get(one.file) ?? new Set()).add(one));
    for (const path of [event.options.key, event.options.id]) {
      const leaf = path && leafOf(message, path.value.properties);
      if (leaf !== undefined) owned.add(leaf);
    }
  }
  return { messages, fallbacks, owned };
}

function leafOf(message: DescMessage, properties: readonly string[]): DescField | undefined {
  let at: DescMessage | undefined = message;
  let field: DescField | undefined;
  for (const name of properties) {
    field = at?.fields.find(({ localName }) => localName === name);
    at = field?.message;
  }
  return field;
}

/** The functions of a file's messages, each message's together, and what only this file needs behind them. */
export function messageDeclarations(
  scope: FileScope,
  file: DescFile,
  plan: MessagePlan,
): readonly MessageFunction[] {
  const codecs: MessageCodecs = { scope, file, owned: plan.owned, helpers: new Map() };
  const own = [...(plan.messages.get(file) ?? [])];
  const wrappers = new Set(
    own.flatMap(({ fields }) =>
      fields.flatMap(({ message }) => (message && isWrapper(message) ? [message] : [])),
    ),
  );
  const functions = [...own, ...wrappers].flatMap((message) => functionsOf(codecs, message));
  return [...functions, ...[...codecs.helpers.values()].flat()];
}

function functionsOf(codecs: MessageCodecs, message: DescMessage): readonly MessageFunction[] {
  if (isTime(message)) return [];
  return [
    emptyMessage(codecs, message),
    ...createMessage(codecs, message),
    writeMessage(codecs, message),
    readMessage(codecs, message),
  ];
}

/** Names that a file's codecs export, so that no import takes them. */
export function messageNames(file: DescFile, plan: MessagePlan): readonly string[] {
  return [...(plan.messages.get(file) ?? [])].flatMap((message) =>
    ["empty", "create", "write", "read"].map((verb) => functionName(verb, message)),
  );
}
