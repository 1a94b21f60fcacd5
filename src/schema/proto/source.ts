import { type SchemaLimits, schemaLimits } from "../limits.ts";
import { parseProto } from "../protobuf.ts";
import { isDescriptorText, parseDescriptor } from "./descriptor.ts";
import type { ProtoFile } from "./model.ts";

/** Reads a Protobuf schema as registries hold it: the text of a file, or its descriptor in base64. @throws `schema_invalid` */
export function parseProtoSource(text: string, limits: SchemaLimits = schemaLimits): ProtoFile {
  return isDescriptorText(text) ? parseDescriptor(text, { limits }) : parseProto(text, { limits });
}
