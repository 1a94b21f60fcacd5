import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import { createAvroLocator } from "./locate/avro.ts";
import type { Locator } from "./locate/locator.ts";
import { createProtobufLocator } from "./locate/protobuf.ts";

/**
 * @param schema what `text` says
 * @param reader paths of Avro are those of the reading schema: the one to read them by, where that is not `schema`
 */
export function createLocator(schema: ParsedSchema, text: string, reader?: ParsedSchema): Locator {
  if (schema.type === "PROTOBUF") return createProtobufLocator(schema.schema, text);
  return createAvroLocator(schema.schema, text, reader?.type === "AVRO" ? reader.schema : schema.schema);
}
