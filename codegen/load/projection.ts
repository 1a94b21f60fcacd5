import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { KeryxError } from "../../src/core/errors.ts";
import { encodeProto } from "../../src/schema/proto/encode.ts";
import { linkProto, type ProtoSource } from "../../src/schema/proto/link.ts";
import { type Diagnostic, report } from "../diagnostics.ts";
import { fingerprintOf } from "../model/lock.ts";
import type { WireModel, WireReferenceModel } from "../model/model.ts";
import { inTemporaryFolder } from "./folder.ts";
import { optionsPath, withLineFeeds } from "./options.ts";
import type { Places } from "./places.ts";
import { buildImage, exportSources } from "./proto/buf.ts";
import { withoutPlaces } from "./proto/strip.ts";
import { projectProto } from "./proto/wire.ts";
import type { SchemaTree } from "./sources.ts";

/** What is registered for each file. */
export interface WireTexts {
  /** Undefined for a file whose text is not known. */
  readonly modelOf: (file: string) => WireModel | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ProjectionInput {
  readonly buf: string;
  readonly tree: SchemaTree;
  readonly set: FileDescriptorSet;
  readonly stripped: FileDescriptorSet;
  readonly places: ReadonlyMap<string, Places>;
}

const maxReferences = 200;
/** Imports that every registry knows without being told. */
const known = /^(google\/protobuf\/|google\/type\/|confluent\/meta\.proto$|confluent\/type\/)/;

/** Cuts our options out of every file, then lets the compiler confirm that nothing else went. */
export async function projectAll(input: ProjectionInput): Promise<WireTexts> {
  const { set, tree } = input;
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  const sources = new Map(tree.proto.map((source) => [source.path, source.text]));
  let isCut = false;
  for (const file of set.file) {
    const text = sources.get(file.name);
    const places = input.places.get(file.name);
    if (text === undefined || places === undefined || file.name === optionsPath) continue;
    const projection = projectProto(file, text, places);
    if (projection.kind === "refused") diagnostics.push(projection.diagnostic);
    else texts.set(file.name, projection.text);
    isCut ||= projection.kind === "text" && projection.text !== withLineFeeds(text);
  }
  const isForeign = (file: FileDescriptorProto): boolean => !sources.has(file.name) && !known.test(file.name);
  const isDoubtful = (): boolean => !input.stripped.file.every((file) => isConfirmed(file, texts));
  const needsBuild = isCut && diagnostics.length === 0 && isDoubtful();
  const hasForeign = set.file.some(isForeign);
  if (needsBuild || hasForeign)
    await inTemporaryFolder(async (folder) => {
      if (hasForeign) await exportForeign(input, folder, texts, sources);
      if (needsBuild) diagnostics.push(...(await confirm(input, folder, texts)));
    });
  const models = new Map<string, WireModel>();
  const files = new Map(input.stripped.file.map((file) => [file.name, file]));
  for (const name of texts.keys()) {
    const model = wireModel(name, files, texts);
    if (model !== undefined) models.set(name, model);
    else if (sources.has(name))
      diagnostics.push(
        report(
          "schema-limit",
          { file: name, line: 1, column: 1 },
          `${name} has more than ${maxReferences} references.`,
        ),
      );
  }
  return { modelOf: (file) => models.get(file), diagnostics };
}

/** Texts of imports that lie in other modules of the workspace or in buf's cache. */
async function exportForeign(
  { buf, tree }: ProjectionInput,
  folder: string,
  texts: Map<string, string>,
  own: ReadonlyMap<string, string>,
): Promise<void> {
  await exportSources(buf, tree.root, folder);
  for (const entry of await readdir(folder, { recursive: true })) {
    const name = entry.replaceAll("\\", "/");
    if (name.endsWith(".proto") && !own.has(name) && name !== optionsPath)
      texts.set(name, withLineFeeds(await readFile(join(folder, entry), "utf8")));
  }
  await rm(join(folder, ...optionsPath.split("/")), { force: true });
}

/**
 * Whether our own parser reads from a projection what the compiler made of its source, without our options. A run of the
 * compiler for nothing else would cost more than all the rest of ours; it has the word where this says no.
 */
function isConfirmed(file: FileDescriptorProto, texts: ReadonlyMap<string, string>): boolean {
  const textOf = (name: string): ProtoSource | undefined => {
    const text = texts.get(name);
    return text === undefined ? undefined : { text };
  };
  const source = textOf(file.name);
  if (source === undefined) return true;
  try {
    const bytes = encodeProto(linkProto(source, { get: textOf }), file.name);
    return isSame(file, fromBinary(FileDescriptorProtoSchema, bytes));
  } catch (thrown) {
    if (thrown instanceof KeryxError && thrown.code === "schema_invalid") return false;
    throw thrown;
  }
}

/** The projection builds on its own, and its descriptors are the source's without our options. */
async function confirm(
  { buf, stripped }: ProjectionInput,
  folder: string,
  texts: ReadonlyMap<string, string>,
): Promise<readonly Diagnostic[]> {
  for (const [name, text] of texts) {
    const path = join(folder, ...name.split("/"));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const start = (file: string): { file: string; line: number; column: number } => ({
    file,
    line: 1,
    column: 1,
  });
  const result = await buildImage(buf, folder, false);
  if (result.kind === "refused")
    return result.annotations.map((one) =>
      report(
        "wire-projection",
        start(one.path),
        `Without Keryx' options ${one.path} does not compile: ${one.message}.`,
      ),
    );
  const built = new Map(
    fromBinary(FileDescriptorSetSchema, result.image).file.map((file) => [file.name, file]),
  );
  return stripped.file
    .filter((file) => texts.has(file.name))
    .filter((file) => !isSame(file, built.get(file.name)))
    .map((file) =>
      report(
        "wire-projection",
        start(file.name),
        `Without Keryx' options ${file.name} would mean something else.`,
      ),
    );
}

function isSame(expected: FileDescriptorProto, found: FileDescriptorProto | undefined): boolean {
  const bytes = (file: FileDescriptorProto): Buffer =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, withoutPlaces(file)));
  return found !== undefined && bytes(expected).equals(bytes(found));
}

/** Undefined when a file has too many references: shared imports multiply along the paths that lead to them. */
function wireModel(
  name: string,
  files: ReadonlyMap<string, FileDescriptorProto>,
  texts: ReadonlyMap<string, string>,
): WireModel | undefined {
  let count = 0;
  const referencesOf = (path: string): readonly WireReferenceModel[] =>
    (files.get(path)?.dependency ?? []).flatMap((dependency) => {
      const schema = texts.get(dependency);
      if (known.test(dependency) || schema === undefined || ++count > maxReferences) return [];
      return [{ name: dependency, subject: dependency, schema, references: referencesOf(dependency) }];
    });
  const schema = texts.get(name) ?? "";
  const references = referencesOf(name);
  return count > maxReferences ? undefined : { schema, references, fingerprint: fingerprintOf(schema) };
}
