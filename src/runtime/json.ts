import { encodeJsonText, type JsonValue, parseJsonText } from "../codec/json-text.ts";
import { setOwn } from "../codec/own.ts";
import { CodedError, decodeRefusal } from "../core/coded-error.ts";
import type { JsonCodec } from "../core/event.ts";
import { payloadLimits } from "../core/limits.ts";
import { type ReadOptions, toEncodeRefusal } from "./message.ts";

/** What the JSON mapping must know of a message; protobuf-es' descriptors have it. */
export interface MessageShape {
  readonly typeName: string;
  readonly fields: readonly {
    readonly name: string;
    readonly jsonName: string;
    readonly fieldKind: string;
    readonly scalar?: number | undefined;
    readonly message?: MessageShape | undefined;
  }[];
}

/** The JSON functions of one message; the generated file binds them, so that the runtime imports no library. */
export interface JsonFunctions<Value> {
  readonly shape: MessageShape;
  toJson(value: Value): unknown;
  /** Given JSON whose 64-bit integers may be bigints. */
  fromJson(json: never, options: ReadOptions): Value;
}

/** Makes a codec of protobuf-es' JSON mapping: bounded, exact, with our errors. The event's own codec judges what is sent. */
export function messageJson<Value extends object>(
  name: string,
  functions: JsonFunctions<Value>,
): JsonCodec<Value> {
  return {
    encode(value) {
      try {
        return encodeJsonText(JSON.stringify(functions.toJson(value)));
      } catch (error) {
        throw toEncodeRefusal(name, error);
      }
    },
    decode(text, limits = payloadLimits) {
      const { value, isWide } = parseJsonText(text, limits);
      try {
        return functions.fromJson((isWide ? exactIn(functions.shape, value) : value) as never, {
          recursionLimit: limits.maxDepth,
        });
      } catch (error) {
        throw toDecodeRefusal(name, error);
      }
    },
  };
}

/** INT64, UINT64, FIXED64, SFIXED64 and SINT64 of descriptor.proto. */
const longs: ReadonlySet<number | undefined> = new Set([3, 4, 6, 16, 18]);
const longWrappers: ReadonlySet<string> = new Set([
  "google.protobuf.Int64Value",
  "google.protobuf.UInt64Value",
]);

/** Bigints stay where the schema has a 64-bit integer; anywhere else, as in a double, they are plain numbers. */
function exactIn(shape: MessageShape | undefined, json: JsonValue): JsonValue {
  if (typeof json === "bigint") return longWrappers.has(shape?.typeName ?? "") ? json : Number(json);
  if (typeof json !== "object" || json === null) return json;
  if (isList(json)) return json.map((item) => exactIn(shape, item));
  const fields = shape?.typeName.startsWith("google.protobuf.") ? [] : (shape?.fields ?? []);
  return mapValues(json, (key, item) => {
    const field = fields.find(({ name, jsonName }) => name === key || jsonName === key);
    if (field?.scalar === undefined) {
      const inner = field?.message;
      return field?.fieldKind === "map" && isObject(item)
        ? mapValues(item, (_, one) => exactIn(inner, one))
        : exactIn(inner, item);
    }
    return longs.has(field.scalar) ? item : exactIn(undefined, item);
  });
}

type JsonObject = { readonly [key: string]: JsonValue };

function isList(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json);
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function mapValues(json: JsonObject, map: (key: string, value: JsonValue) => JsonValue): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(json)) setOwn(result, key, map(key, value));
  return result;
}

/** The library's text quotes the value, which may be sensitive: only the part that names the field is kept. */
function toDecodeRefusal(name: string, error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [, field = name] = /^cannot decode field (\S+) from JSON/.exec(text) ?? [];
  return /recursion depth/.test(text)
    ? decodeRefusal(`${name}: messages are nested too deep`, { reason: "too-deep" })
    : decodeRefusal(`${field}: the JSON does not fit its schema`, { reason: "type-mismatch" });
}
