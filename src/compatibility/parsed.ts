import type { AvroSchema } from "../schema/avro.ts";
import type { ProtoSchema } from "../schema/proto/schema.ts";

/** A schema as the engine takes it. */
export type ParsedSchema =
  | { readonly type: "AVRO"; readonly schema: AvroSchema }
  | { readonly type: "PROTOBUF"; readonly schema: ProtoSchema };

/** A registered version as the engine takes it. */
export interface HistoryEntry {
  readonly schema: ParsedSchema;
  /** Soft-deleted versions are passed over. Default false. */
  readonly isDeleted?: boolean;
  /** Value of the metadata property that `compatibilityGroup` names; absent when the version has none. */
  readonly group?: string;
}
