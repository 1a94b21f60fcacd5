import type { ProtoFile, ProtoMessage } from "../../schema/proto/model.ts";
import type { ProtoSchema } from "../../schema/proto/schema.ts";

/** A message of one of the two schemas, and where the names inside of it are looked up. */
export interface Side {
  readonly schema: ProtoSchema;
  readonly type: ProtoMessage;
  /** The file that defines it. */
  readonly file: ProtoFile;
  /** Import path of that file; absent when the schema is about this very file. */
  readonly path?: string;
}

/** Two messages to compare. */
export interface MessagePair {
  readonly older: Side;
  readonly newer: Side;
  /** What to say of the field that has the two as its types, should they be incompatible; absent for no field. */
  readonly because?: { readonly path: string; readonly message: string };
}

/** Name of a message without the package of its file. */
export function localName({ type, file }: Pick<Side, "type" | "file">): string {
  return file.package === "" ? type.fullName : type.fullName.slice(file.package.length + 1);
}
