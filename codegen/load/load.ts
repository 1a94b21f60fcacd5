import { type Diagnostic, report } from "../diagnostics.ts";
import type { LoadedSchemas } from "../model/loaded.ts";
import { compare } from "../model/order.ts";
import { loadAvro } from "./avro.ts";
import { inputsOf } from "./inputs.ts";
import { loadProto } from "./proto.ts";
import { readSources } from "./sources.ts";

export interface LoadResult {
  readonly schemas: LoadedSchemas;
  /** Text of every schema file with line feeds, by its path below the schema root. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads every schema below a folder, both formats side by side. */
export async function loadSources(folder: string, projectRoot: string): Promise<LoadResult> {
  const { tree, diagnostics } = await readSources(folder);
  const inputs = inputsOf(tree);
  const empty: LoadedSchemas = { events: [], sensitive: new Set(), avroTypes: [] };
  // A hostile path must not reach the compiler.
  if (diagnostics.length > 0) return { schemas: empty, inputs, diagnostics };
  const [protobuf, avro] = await Promise.all([loadProto(tree, projectRoot), loadAvro(tree.avro)]);
  const doubles = findDoubles(protobuf.events, avro.events);
  return {
    schemas: {
      events: [...protobuf.events, ...avro.events].sort((a, b) => compare(a.name, b.name)),
      sensitive: new Set([...protobuf.sensitive, ...avro.sensitive]),
      avroTypes: avro.avroTypes,
      ...(protobuf.protobuf === undefined ? {} : { protobuf: protobuf.protobuf }),
    },
    inputs,
    diagnostics: [...protobuf.diagnostics, ...avro.diagnostics, ...doubles],
  };
}

/** A full name is an event's identity in the lock file, whatever its format. */
function findDoubles(
  protobuf: LoadedSchemas["events"],
  avro: LoadedSchemas["events"],
): readonly Diagnostic[] {
  const first = new Map(protobuf.map((event) => [event.name, event]));
  return avro.flatMap((event) => {
    const other = first.get(event.name);
    if (other === undefined) return [];
    const message = `The event ${event.name} is also defined in ${other.at.file}:${other.at.line}.`;
    return [report("name-duplicate", event.at, message)];
  });
}
