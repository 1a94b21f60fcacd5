import type { Diagnostic } from "../diagnostics.ts";
import type { LoadedSchemas } from "../model/loaded.ts";
import { compare } from "../model/order.ts";
import { loadProto } from "./proto.ts";
import { readSources } from "./sources.ts";

/** Reads every schema below a folder, both formats. */
export async function loadSchemas(
  folder: string,
  projectRoot: string,
): Promise<{ readonly schemas: LoadedSchemas; readonly diagnostics: readonly Diagnostic[] }> {
  const { tree, diagnostics } = await readSources(folder);
  const empty: LoadedSchemas = { events: [], sensitive: new Set(), avroTypes: [] };
  if (diagnostics.some((one) => one.rule === "path-unsafe")) return { schemas: empty, diagnostics };
  const protobuf = await loadProto(tree, projectRoot);
  return {
    schemas: {
      events: [...protobuf.events].sort((a, b) => compare(a.name, b.name)),
      sensitive: protobuf.sensitive,
      avroTypes: [],
      ...(protobuf.protobuf === undefined ? {} : { protobuf: protobuf.protobuf }),
    },
    diagnostics: [...diagnostics, ...protobuf.diagnostics],
  };
}
