import type { DescFile } from "@bufbuild/protobuf";
import type { ProjectModel } from "../model/model.ts";
import { messagesPath } from "../model/names.ts";
import { compare } from "../model/order.ts";
import { planCatalog } from "./catalog.ts";
import { planAvroFiles, planProtobufFiles } from "./events.ts";
import type { ImportExtension } from "./file-scope.ts";
import { detectImportExtension } from "./import-extension.ts";
import { hashText, type Manifest } from "./manifest.ts";
import { type FilePlan, type OutputFile, printFiles } from "./output.ts";
import { planMessages } from "./protobuf/codec.ts";
import { generateMessages, type PrintMessages } from "./protobuf/messages.ts";
import { pluginOptions, resolvePlugin } from "./protobuf/plugin.ts";
import {
  compareOutput,
  type Difference,
  type OutputFolder,
  readOutputFolder,
  type SyncResult,
  writeOutput,
} from "./sync.ts";
import { planTopicFiles } from "./topics.ts";
import { type Origin, sealOf } from "./written.ts";

export interface EmitRequest extends Origin {
  readonly model: ProjectModel;
  /** Schema files by their path relative to the schema root, with their text. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Default: by a process of its own each time. */
  readonly printMessages?: PrintMessages | undefined;
  /** Print what has not changed, too. */
  readonly reprint?: boolean | undefined;
  /** Default: what the nearest tsconfig.json allows. */
  readonly extension?: ImportExtension;
}

/** Prints what changed and makes the output folder match. */
export async function writeProject(request: EmitRequest): Promise<SyncResult> {
  const { folder, outputs, manifest } = await buildOutput(request);
  return writeOutput(folder, outputs, manifest);
}

/** What `writeProject` would change; writes nothing. */
export async function checkProject(request: EmitRequest): Promise<readonly Difference[]> {
  const { folder, outputs, manifest } = await buildOutput(request);
  return compareOutput(folder, outputs, manifest);
}

interface Output {
  readonly folder: OutputFolder;
  readonly outputs: readonly OutputFile[];
  readonly manifest: Manifest;
}

/** Everything that the schemas give, without touching the disk but to read. */
async function buildOutput(request: EmitRequest): Promise<Output> {
  const { model } = request;
  const extension = request.extension ?? detectImportExtension(request.outputRoot);
  const folder = readOutputFolder(request.outputRoot);
  const inputs = new Map([...request.inputs].map(([path, text]) => [path, hashText(text)]));
  const plans = planFiles(model, extension);
  const sources = new Map(plans.map((plan) => [plan.path, hashText(JSON.stringify(plan))]));
  for (const [path, from] of messageSources(request, inputs, extension)) sources.set(path, from);
  const mayKeep = request.reprint !== true && folder.manifest.generator === request.generator;
  const isFresh = ([path, from]: readonly [path: string, from: string]): boolean => {
    const listed = folder.manifest.files.get(path);
    const there = folder.files.get(path);
    return listed?.from === from && there !== undefined && hashText(there) === listed.hash;
  };
  const fresh = new Set(mayKeep ? [...sources].filter(isFresh).map(([path]) => path) : []);
  const kept = [...fresh].map((path) => ({ path, text: folder.files.get(path) ?? "" }));
  const messages = async (): Promise<readonly OutputFile[]> => {
    const all = model.protobuf?.files ?? [];
    const files = all.filter(({ proto }) => !fresh.has(messagesPath(proto.name)));
    if (files.length === 0) return [];
    const print = request.printMessages ?? generateMessages;
    return print({ files, extension, plugin: resolvePlugin(request.projectRoot) });
  };
  // The plugin works in a process of its own meanwhile.
  const [theirs, ours] = await Promise.all([
    messages(),
    printFiles(plans.filter(({ path }) => !fresh.has(path))),
  ]);
  const outputs = [...ours, ...theirs, ...kept].sort((left, right) => compare(left.path, right.path));
  const files = outputs.map(
    ({ path, text }) => [path, { hash: hashText(text), from: sources.get(path) ?? "" }] as const,
  );
  const manifest = {
    generator: request.generator,
    origin: sealOf(request, extension),
    inputs,
    files: new Map(files),
    fallbacks: planMessages(model).fallbacks,
  };
  return { folder, outputs, manifest };
}

/** Every file that we print ourselves, before it is printed. */
export function planFiles(model: ProjectModel, extension: ImportExtension): readonly FilePlan[] {
  return [
    ...planAvroFiles(model, extension),
    ...planProtobufFiles(model, extension),
    ...planTopicFiles(model, extension),
    ...planCatalog(model, extension),
  ].sort((left, right) => compare(left.path, right.path));
}

/**
 * What the messages of each file depend on: the file with all that it imports, the plugin and its options. Not the
 * image, which holds line ends.
 */
function messageSources(
  { model, projectRoot }: EmitRequest,
  inputs: ReadonlyMap<string, string>,
  extension: ImportExtension,
): ReadonlyMap<string, string> {
  const files = model.protobuf?.files ?? [];
  if (files.length === 0) return new Map();
  const { version } = resolvePlugin(projectRoot);
  return new Map(
    files.map((file) => {
      const texts = [...withImports(file)].map(({ proto: { name } }) => [name, inputs.get(name) ?? ""]);
      const all = texts.sort(([left = ""], [right = ""]) => compare(left, right));
      const from = hashText(JSON.stringify([all, version, pluginOptions(extension)]));
      return [messagesPath(file.proto.name), from];
    }),
  );
}

/** A file and everything that it imports, each once. */
function withImports(file: DescFile, found: Set<DescFile> = new Set()): ReadonlySet<DescFile> {
  if (!found.has(file)) {
    found.add(file);
    for (const one of file.dependencies) withImports(one, found);
  }
  return found;
}
