import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { EventType } from "../../../src/core/event.ts";
import { writeProject } from "../../emit/emit.ts";
import { placeOf } from "../../emit/events.ts";
import type { CheckedModel } from "../../index.ts";
import type { EventModel } from "../../model/model.ts";
import { messagesPath } from "../../model/names.ts";
import type { OpenProject } from "../load.ts";

/** An event as its generated module exports it. */
export interface BenchModule {
  readonly event: EventType;
  /** Protobuf: the descriptor that protobuf-es takes. */
  readonly schema?: unknown;
}

/**
 * Generates the project into a folder of its own, as it would be generated now, compiles it, and hands the event's
 * module to `use`; then the folder goes. It lies in the project, so that the packages of the project are found.
 */
export async function withModule<T>(
  project: OpenProject,
  { model, inputs }: CheckedModel,
  event: EventModel,
  use: (module: BenchModule) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(project.root, ".keryx-bench-"));
  // Node runs TypeScript as it is from 22.18 on, and says of its own stripping before that it is experimental.
  const extension = process.features.typescript ? "ts" : "js";
  try {
    if (await isCommonJs(project.root))
      await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
    // With its JSON mapping, whichever way it is written.
    const asJson = { ...event, options: { ...event.options, serialization: jsonOf(event) } };
    await writeProject({
      model: { ...model, events: model.events.map((one) => (one === event ? asJson : one)) },
      projectRoot: project.root,
      outputRoot: join(folder, "ts"),
      generator: "keryx bench",
      origin: "",
      inputs,
      extension,
    });
    if (extension === "js") await stripAll(join(folder, "ts"), join(folder, "js"));
    return await use(await importModule(join(folder, extension), extension, event));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether the package that a folder belongs to has its files read as CommonJS, as `npm init` writes it. */
async function isCommonJs(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readFile(join(at, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined) return /"type"\s*:\s*"commonjs"/.test(text);
    if (at === dirname(at)) return false;
  }
}

function jsonOf({ options }: EventModel): EventModel["options"]["serialization"] {
  return { value: "JSON", from: options.serialization.from };
}

/** Nothing but types has to go: generated files hold no other syntax of TypeScript's. */
async function stripAll(from: string, to: string): Promise<void> {
  for (const path of await readdir(from, { recursive: true })) {
    if (!path.endsWith(".ts")) continue;
    const file = join(to, path.replace(/\.ts$/, ".js"));
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, stripTypeScriptTypes(await readFile(join(from, path), "utf8")));
  }
}

async function importModule(folder: string, extension: string, event: EventModel): Promise<BenchModule> {
  const load = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
    import(pathToFileURL(join(folder, path.replace(/\.ts$/, `.${extension}`))).href);
  const { path, name } = placeOf(event);
  const found = (await load(path))[name] as EventType;
  if (event.source.kind === "avro") return { event: found };
  const messages = await load(messagesPath(event.source.file.proto.name));
  return { event: found, schema: messages[`${name.replace(/\$$/, "")}Schema`] };
}
