import type { ProtoExtend, ProtoField, ProtoFile, ProtoMessage } from "../../schema/proto/model.ts";
import type { ProtoDefinition, ProtoSchema } from "../../schema/proto/schema.ts";

/** An extension and where the names in it are looked up. */
export interface FoundExtension {
  readonly field: ProtoField;
  readonly file: ProtoFile;
  readonly path?: string;
  readonly scope: string;
}

/** The extensions of each message that any file of the schema has; to the bytes they are fields. */
export function collectExtensions(
  schema: ProtoSchema,
  definitions: readonly ProtoDefinition[],
): ReadonlyMap<ProtoMessage, readonly FoundExtension[]> {
  const found = new Map<ProtoMessage, FoundExtension[]>();
  const collect = (extensions: readonly ProtoExtend[], place: Omit<FoundExtension, "field">): void => {
    for (const { extendee, fields } of extensions) {
      const target = schema.resolve(extendee, place.scope, place.path);
      if (target?.kind !== "message") continue;
      const list = found.get(target.type) ?? [];
      found.set(target.type, list);
      for (const field of fields) list.push({ field, ...place });
    }
  };
  collect(schema.file.extends, { file: schema.file, scope: schema.file.package });
  for (const [path, { file }] of schema.imports) collect(file.extends, { path, file, scope: file.package });
  for (const { kind, type, file, path } of definitions)
    if (kind === "message")
      collect(type.extends, { file, scope: type.fullName, ...(path === undefined ? {} : { path }) });
  return found;
}
