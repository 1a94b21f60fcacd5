import { parseProto } from "../protobuf.ts";
import type { ImportedProto } from "./schema.ts";
import { descriptorText } from "./well-known/descriptor.ts";
import { protobufTexts } from "./well-known/protobuf.ts";
import { sharedTexts } from "./well-known/types.ts";

/** Import paths of the files that every registry knows without a reference. */
export const wellKnownPaths: readonly string[] = [descriptorText, ...protobufTexts, ...sharedTexts].map(
  ([path]) => path,
);

/** A file that every registry knows, parsed when it is first asked for; undefined for any other path. */
export const wellKnownProto: (path: string) => ImportedProto | undefined = createWellKnown();

function createWellKnown(): (path: string) => ImportedProto | undefined {
  const texts = new Map([descriptorText, ...protobufTexts, ...sharedTexts]);
  const parsed = new Map<string, ImportedProto>();
  return (path) => {
    const text = texts.get(path);
    if (text === undefined) return undefined;
    const known = parsed.get(path) ?? { file: parseProto(text) };
    parsed.set(path, known);
    return known;
  };
}
