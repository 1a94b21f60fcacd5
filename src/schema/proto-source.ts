import { type SchemaLimits, schemaLimits } from "./limits.ts";
import { isDescriptorText, parseDescriptor } from "./proto-descriptor.ts";
import type { ProtoFile } from "./proto-model.ts";
import { parseProto } from "./protobuf.ts";

/** Reads a Protobuf schema as registries hold it: the text of a file, or its descriptor in base64. @throws `schema_invalid` */
export function parseProtoSource(text: string, limits: SchemaLimits = schemaLimits): ProtoFile {
  return isDescriptorText(text) ? parseDescriptor(text, { limits }) : parseProto(text, { limits });
}
