import { encodeJsonText, parseJsonText } from "../codec/json-text.ts";
import { decodeError, KeryxError } from "../core/errors.ts";
import type { EventType, JsonCodec } from "../core/event.ts";
import type { AvroType } from "../schema/avro/model.ts";
import { jsonReader } from "./avro-json-read.ts";
import { type AvroJsonStyle, jsonWriter } from "./avro-json-write.ts";

/**
 * The JSON codec of an Avro event. Both ways the binary codec judges the value: what it refuses is refused here, with
 * the same path and reason, so the two serializations hold the same values.
 */
export function avroJson(event: EventType, type: AvroType, style: AvroJsonStyle): JsonCodec<unknown> {
  const write = jsonWriter(type, style);
  const read = jsonReader(type, style);
  return {
    encode(value, limits) {
      event.codec.encode(value, 0, limits);
      return encodeJsonText(write(value));
    },
    decode(text, limits) {
      const value = read(parseJsonText(text, limits).value);
      try {
        event.codec.encode(value, 0, limits);
      } catch (error) {
        throw decodeRefusal(error);
      }
      return value;
    },
  };
}

/** The codec's refusals name the path and never quote the value. */
function decodeRefusal(thrown: unknown): KeryxError {
  const { code, message, details } = KeryxError.from(thrown, "encode_failed");
  const reason =
    details["reason"] === "too-deep" || details["reason"] === "invalid-text"
      ? details["reason"]
      : "type-mismatch";
  return decodeError(reason, message.replace(`[${code}] `, ""), { details: { path: details["path"] } });
}
