import type { ProtoEnum, ProtoFile, ProtoMessage } from "../../schema/proto/model.ts";
import type { ProtoDefinition, ProtoSchema } from "../../schema/proto/schema.ts";
import type { NamedView } from "./model.ts";

/** The messages and enums of a schema and its imports; indexed as they are asked for. */
export interface Definitions {
  /** What the file itself defines, nested definitions behind those that hold them. */
  locals(): readonly ProtoDefinition[];
  all(): readonly ProtoDefinition[];
  /** A definition in any file by its full name. */
  find(fullName: string): ProtoDefinition | undefined;
  /** A definition in the file itself by its name without the package. */
  findLocal(localName: string): ProtoDefinition | undefined;
  /** All definitions in any file by the last part of their names. */
  findSimple(name: string): readonly ProtoDefinition[];
}

/** Where a type stands. */
interface Place {
  readonly file: ProtoFile;
  readonly path?: string;
}

export function createDefinitions({ file, imports }: ProtoSchema): Definitions {
  const locals = once(() => definitionsOf({ file }));
  const all = once(() => [
    ...locals(),
    ...[...imports].flatMap(([path, imported]) => definitionsOf({ path, file: imported.file })),
  ]);
  const byFullName = once(() => groupBy(all(), ({ type }) => type.fullName));
  const bySimpleName = once(() => groupBy(all(), ({ type }) => type.name));
  const byLocalName = once(() => groupBy(locals(), ({ type }) => localName(type, file)));
  return {
    locals,
    all,
    find: (name) => byFullName().get(name)?.[0],
    findLocal: (name) => byLocalName().get(name)?.[0],
    findSimple: (name) => bySimpleName().get(name) ?? [],
  };
}

export function namedView(type: ProtoMessage | ProtoEnum, { file, path }: Place): NamedView {
  const name = localName(type, file);
  return {
    ...{ fullName: type.fullName, localName: name, path: `#/${name.replaceAll(".", "/")}` },
    ...(path === undefined ? {} : { importPath: path }),
  };
}

function localName({ fullName }: ProtoMessage | ProtoEnum, file: ProtoFile): string {
  return file.package === "" ? fullName : fullName.slice(file.package.length + 1);
}

function definitionsOf(place: Place): readonly ProtoDefinition[] {
  const found: ProtoDefinition[] = [];
  const open: Pick<ProtoMessage, "messages" | "enums">[] = [place.file];
  for (const scope of open) {
    for (const type of scope.messages) found.push({ kind: "message", type, ...place });
    for (const type of scope.enums) found.push({ kind: "enum", type, ...place });
    open.push(...scope.messages);
  }
  return found;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
