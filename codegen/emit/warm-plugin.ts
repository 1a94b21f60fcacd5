import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type AskPlugin, generateMessages, type PrintMessages, printBy } from "./protobuf/messages.ts";
import type { Plugin } from "./protobuf/plugin.ts";
import { quickenPlugin } from "./protobuf/quick-plugin.ts";

/**
 * Prints Protobuf messages by a protoc-gen-es that stays loaded in this process, for whoever prints again and again: to
 * load it takes longer than all the rest of a run. One that does not look as ours knows it runs by itself each time.
 */
export function createWarmPlugin(): PrintMessages {
  let loaded: { readonly path: string; readonly ask: AskPlugin | undefined } | undefined;
  return async (request) => {
    const { plugin } = request;
    if (loaded?.path !== plugin.path) loaded = { path: plugin.path, ask: loadPlugin(plugin) };
    return loaded.ask === undefined ? generateMessages(request) : printBy(loaded.ask, request);
  };
}

/** What we use of its libraries, which are others than ours: it is in CommonJS. */
interface Library {
  fromBinary(schema: unknown, bytes: Uint8Array): unknown;
  toBinary(schema: unknown, message: unknown): Uint8Array;
}

interface Schemas {
  readonly CodeGeneratorRequestSchema: unknown;
  readonly CodeGeneratorResponseSchema: unknown;
}

interface PluginModule {
  readonly protocGenEs?: { run?(request: unknown): unknown };
}

function loadPlugin({ path }: Plugin): AskPlugin | undefined {
  const require = createRequire(path);
  const leave = quickenPlugin();
  try {
    const module = join(dirname(path), "..", "dist", "cjs", "src", "protoc-gen-es-plugin.js");
    const { protocGenEs } = require(module) as PluginModule;
    const { fromBinary, toBinary } = require("@bufbuild/protobuf") as Library;
    const { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } =
      require("@bufbuild/protobuf/wkt") as Schemas;
    if (typeof protocGenEs?.run !== "function") return undefined;
    const run = protocGenEs.run.bind(protocGenEs);
    return async (request) => {
      try {
        const answer = run(fromBinary(CodeGeneratorRequestSchema, request));
        return { answer: toBinary(CodeGeneratorResponseSchema, answer), complaint: "" };
      } catch (thrown) {
        // As its process ends without an answer, and says why.
        return { answer: new Uint8Array(), complaint: String(thrown) };
      }
    };
  } catch {
    // Laid out otherwise, as another version may be.
    return undefined;
  } finally {
    leave();
  }
}
