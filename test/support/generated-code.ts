import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { planFiles } from "../../codegen/emit/emit.ts";
import { type OutputFile, printFiles } from "../../codegen/emit/output.ts";
import type { ProjectModel } from "../../codegen/model/model.ts";
import { avroPath } from "../../codegen/model/names.ts";
import { finishReading } from "../../src/codec/avro-values.ts";
import { createReader, type Reader } from "../../src/codec/reader.ts";
import { createWriter, finishWriting, type Writer } from "../../src/codec/writer.ts";
import type { AvroNamedType } from "../../src/schema/avro/model.ts";

export const repository: string = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A model of Avro types without events. */
export function modelOf(types: Iterable<AvroNamedType>): ProjectModel {
  const at = { file: "test.avsc", line: 1, column: 1 };
  return { events: [], topics: [], avroTypes: [...types].map((type) => ({ type, at })) };
}

/** Prints what is generated for Avro types. */
export function printTypes(types: Iterable<AvroNamedType>): readonly OutputFile[] {
  return printFiles(planFiles(modelOf(types), "ts"));
}

let folders = 0;

/** Writes files below the repository, so that they find `keryx` by name; `remove` takes them away again. */
export function writeFiles(files: readonly OutputFile[]): { readonly folder: string; remove(): void } {
  folders += 1;
  const folder = join(repository, ".tmp", `generated-${process.pid}-${folders}`);
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The generated codec of one named type, as bytes and values of any shape. */
export interface GeneratedCodec {
  create(init: unknown): unknown;
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

interface Functions {
  readonly [name: string]: unknown;
}

/** Imports the generated functions of a type. */
export async function importCodec(
  folder: string,
  type: AvroNamedType,
  name: string,
): Promise<GeneratedCodec> {
  const module: Functions = await import(pathToFileURL(join(folder, avroPath(type))).href);
  const create = module[`create${name}`] as ((init: unknown, depth: number) => unknown) | undefined;
  const write = module[`write${name}`] as (writer: Writer, value: unknown, at: string) => void;
  const read = module[`read${name}`] as (reader: Reader) => unknown;
  return {
    create: (init) => create?.(init, 0),
    encode(value) {
      const writer = createWriter(0);
      write(writer, value, type.name);
      return finishWriting(writer);
    },
    decode(bytes) {
      const reader = createReader(bytes);
      const value = read(reader);
      finishReading(reader);
      return value;
    },
  };
}
