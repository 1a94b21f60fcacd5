import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type Diagnostic, isClean, report, type Span } from "../diagnostics.ts";
import type { LoadedEvent, LoadedSchemas } from "../model/loaded.ts";
import { compare } from "../model/order.ts";
import { checkOptionsFile, missingOptions, optionsPath } from "./options.ts";
import { type Places, placesOf } from "./places.ts";
import { projectAll } from "./projection.ts";
import { type BufAnnotation, buildImage, resolveBuf } from "./proto/buf.ts";
import { columnOfByte } from "./proto/columns.ts";
import { checkLimits, checkTexts } from "./proto/limits.ts";
import { readEvents, readMarks } from "./proto/options.ts";
import { stripSet } from "./proto/strip.ts";
import { printable, type SchemaTree } from "./sources.ts";

export interface LoadedProtobuf {
  readonly events: readonly LoadedEvent[];
  readonly sensitive: ReadonlySet<string>;
  readonly protobuf?: NonNullable<LoadedSchemas["protobuf"]>;
  readonly diagnostics: readonly Diagnostic[];
}

const nothing: LoadedProtobuf = { events: [], sensitive: new Set(), diagnostics: [] };

/** Reads the .proto files: one image from buf, our options out of it, and what is left once they are gone. */
export async function loadProto(tree: SchemaTree, projectRoot: string): Promise<LoadedProtobuf> {
  if (tree.proto.length === 0) return nothing;
  const refusals = [...checkOptionsFile(tree.proto), ...checkTexts(tree.proto)];
  if (refusals.length > 0) return { ...nothing, diagnostics: refusals };
  // A project in Avro alone: nothing is there to be compiled.
  if (tree.proto.every(({ path }) => path === optionsPath)) return nothing;
  const buf = resolveBuf(projectRoot);
  const result = await buildImage(buf, tree.root, true);
  if (result.kind === "refused") return { ...nothing, diagnostics: explain(result.annotations, tree) };
  const set = fromBinary(FileDescriptorSetSchema, result.image);
  const own = new Map(tree.proto.map((source) => [source.path, source.text]));
  const places = new Map(
    set.file.map((file): [string, Places] => [file.name, placesOf(file, own.get(file.name) ?? "")]),
  );
  const limits = checkLimits(set, own, places);
  if (limits.length > 0) return { ...nothing, diagnostics: limits };
  const declared = createFileRegistry(set);
  const marks = readMarks(declared, places);
  const stripped = stripSet(set);
  const wire = await projectAll({ buf, tree, set, stripped, places });
  const diagnostics = [...marks.diagnostics, ...wire.diagnostics];
  if (!isClean(diagnostics)) return { ...nothing, sensitive: marks.sensitive, diagnostics };
  const registry = createFileRegistry(stripped);
  const events = readEvents({ declared, registry, places, own, wire });
  const isOwn = (path: string): boolean => own.has(path) && path !== optionsPath;
  return {
    events,
    sensitive: marks.sensitive,
    protobuf: {
      files: [...registry.files]
        .filter((file) => isOwn(file.proto.name))
        .sort((a, b) => compare(a.proto.name, b.proto.name)),
    },
    diagnostics,
  };
}

/** What buf says, as diagnostics; one place may get several sentences. */
function explain(annotations: readonly BufAnnotation[], tree: SchemaTree): readonly Diagnostic[] {
  const lines = new Map(tree.proto.map((source) => [source.path, source.text.split("\n")]));
  return annotations.map((annotation): Diagnostic => {
    const file = printable(annotation.path.replaceAll("\\", "/"));
    const text = lines.get(file)?.[annotation.line - 1] ?? "";
    const at = { file, line: annotation.line, column: columnOfByte(text, annotation.column) };
    const message = sentence(printable(annotation.message));
    const is = (pattern: RegExp): boolean => pattern.test(annotation.message);
    if (is(/does not exist/) && text.includes(`${optionsPath}"`))
      return missingOptions(file, at.line, at.column);
    if (/import(ed)? .*(does not exist|must )/i.test(message)) return report("import-unsafe", at, message);
    if (is(/cyclic import/))
      return report(
        "import-unsafe",
        at,
        loopOf(file, tree) ?? message,
        "Break the loop: move what both files need into a third.",
      );
    if (is(/declared multiple times/))
      return report("name-duplicate", at, `${message}${othersOf(annotation.message, at, tree)}`);
    return report("schema-syntax", at, message);
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

/** The other files of the package that define a name; the compiler shows only the last place. */
function othersOf(message: string, at: Span, tree: SchemaTree): string {
  const name = /^`([A-Za-z0-9_]+)`/.exec(message)?.[1];
  const packageOf = (text: string): string | undefined => /^[ \t]*package[ \t]+([\w.]+)/m.exec(text)?.[1];
  const own = tree.proto.find((source) => source.path === at.file)?.text ?? "";
  const places = tree.proto.flatMap(({ path, text }) => {
    if (name === undefined || packageOf(text) !== packageOf(own)) return [];
    const lines = text.split("\n");
    return lines.flatMap((line, index) =>
      new RegExp(`\\b(message|enum|service)\\s+${name}\\b`).test(line) &&
      (path !== at.file || index + 1 !== at.line)
        ? [`${path}:${index + 1}`]
        : [],
    );
  });
  return places.length === 0 ? "" : ` It is also defined at ${places.join(", ")}.`;
}

/** Names the loop of imports that a file stands in. */
function loopOf(file: string, tree: SchemaTree): string | undefined {
  const imports = new Map(
    tree.proto.map(({ path, text }) => [
      path,
      [...text.matchAll(/^[ \t]*import\s+(?:public\s+|weak\s+|option\s+)?"([^"\n]*)"/gm)].map(
        ([, name = ""]) => name,
      ),
    ]),
  );
  const seen = new Set<string>();
  const walk = (at: string, above: readonly string[]): readonly string[] | undefined => {
    if (at === file && above.length > 0) return [...above, at];
    if (seen.has(at)) return undefined;
    seen.add(at);
    for (const next of imports.get(at) ?? []) {
      const found = walk(next, [...above, at]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const loop = walk(file, []);
  return loop === undefined ? undefined : `The files import each other in a loop: ${loop.join(" → ")}.`;
}
