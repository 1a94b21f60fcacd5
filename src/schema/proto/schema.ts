import type { ProtoEnum, ProtoFile, ProtoMessage } from "./model.ts";

/** The subject and version that a file is registered under, where it is registered. */
export interface RegisteredPlace {
  readonly subject: string;
  readonly version: number;
}

/** A file that another one imports. */
export interface ImportedProto {
  readonly file: ProtoFile;
  readonly place?: RegisteredPlace;
}

/** A .proto file with all that it can reach. */
export interface ProtoSchema {
  readonly file: ProtoFile;
  /** By import path: every file that can be reached, the well-known ones among them. */
  readonly imports: ReadonlyMap<string, ImportedProto>;
  /**
   * What a type name means, looked up from the innermost scope outwards as Protobuf does. Undefined when nothing that
   * can be seen has the name.
   * @param scope full name of the message in which the name stands, or the package for a name outside of messages
   * @param path import path of the file in which the name stands; absent for the file itself
   */
  resolve(name: string, scope: string, path?: string): ProtoDefinition | undefined;
}

/** A type and the file that defines it. */
export type ProtoDefinition = (
  | { readonly kind: "message"; readonly type: ProtoMessage }
  | { readonly kind: "enum"; readonly type: ProtoEnum }
) & {
  /** Import path of the defining file; absent when the file itself defines it. */
  readonly path?: string;
  readonly file: ProtoFile;
  readonly place?: RegisteredPlace;
};
