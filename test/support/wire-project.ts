import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DescMessage } from "@bufbuild/protobuf";
import type { Io } from "../../codegen/cli/command.ts";
import { runGenerate } from "../../codegen/cli/generate.ts";
import type { EventType } from "../../src/core/event.ts";
import type { AvroRecord } from "../../src/schema/avro/model.ts";
import { createAvroReaders } from "../../src/serde/avro.ts";
import { repository } from "./generated-code.ts";

/** An event as its generated file exports it, with the descriptor that protobuf-es reads. */
export interface WireEvent {
  readonly event: EventType<object, object>;
  readonly schema: DescMessage;
}

/** An event of a record, with the record that its bytes follow. */
export interface RecordEvent {
  readonly event: EventType<object, object>;
  readonly record: AvroRecord;
}

export interface WireProject {
  readonly folder: string;
  /** An event of a file below `generated`, for example `wire/v1/scalars`, and its name. */
  load(file: string, name: string): Promise<WireEvent>;
  /** An event of an Avro record in its file below `generated`. */
  loadRecord(file: string, name: string): Promise<RecordEvent>;
}

/** The record of an event's schema, its longs held as the event says. */
export function recordOf(event: EventType<object, object>): RecordEvent {
  const type = createAvroReaders()(event as unknown as EventType);
  if (type.kind !== "record") throw new Error(`${event.name} is not a record`);
  return { event, record: type };
}

const golden = (name: string): string => join(repository, "test", "golden", name, "schemas");
let made: Promise<WireProject> | undefined;

/**
 * Code for the schemas of everything that straight-line code reads and writes, and for hostile and awkward ones. It is
 * generated once for all tests of a process, and taken away at its end.
 */
export function wireProject(): Promise<WireProject> {
  made ??= generate([golden("wire"), golden("torture")]);
  return made;
}

/** Inside the repository, so that the code finds the package by its name. */
async function generate(schemas: readonly string[]): Promise<WireProject> {
  mkdirSync(join(repository, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(repository, ".tmp", "wire-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const one of schemas) cpSync(one, join(folder, "schemas"), { recursive: true });
  cpSync(join(repository, "schemas", "keryx"), join(folder, "schemas", "keryx"), { recursive: true });
  writeFileSync(
    join(folder, "tsconfig.json"),
    '{ "compilerOptions": { "allowImportingTsExtensions": true } }\n',
  );
  let printed = "";
  const say = (text: string): void => {
    printed += text;
  };
  const io: Io = { cwd: folder, env: {}, color: { out: false, note: false }, out: say, note: say };
  const exit = await runGenerate({ arguments: [], options: { project: folder }, io });
  if (exit !== 0) throw new Error(printed);
  const importFile = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
    import(pathToFileURL(join(folder, "generated", path)).href);
  return {
    folder,
    async load(file, name) {
      const [events, messages] = await Promise.all([
        importFile(`${file}_events.ts`),
        importFile(`${file}_pb.ts`),
      ]);
      return { event: events[name] as WireEvent["event"], schema: messages[`${name}Schema`] as DescMessage };
    },
    loadRecord: async (file, name) =>
      recordOf((await importFile(`${file}.ts`))[name] as EventType<object, object>),
  };
}
