import { textLength } from "../codec/text.ts";
import { CodedError, decodeRefusal, encodeRefusal } from "../core/coded-error.ts";
import type { DecodeReason } from "../core/errors.ts";
import type { Codec } from "../core/event.ts";
import { payloadLimits } from "../core/limits.ts";
import { unpolluted } from "./pollution.ts";

/** What protobuf-es is told when it reads. */
export interface ReadOptions {
  readonly recursionLimit: number;
}

/** The protobuf-es functions of one message; the generated file binds them, so that the runtime imports no library. */
export interface MessageFunctions<Value, Init> {
  create(init: Init): Value;
  toBinary(value: Value): Uint8Array;
  /** Files that were generated before there were options pass none on: to them the library's own limit applies, 100. */
  fromBinary(bytes: Uint8Array, options: ReadOptions): Value;
}

/** Makes a codec of protobuf-es functions: room in front, bounded depth, our errors. */
export function messageCodec<Value extends object, Init>(
  name: string,
  functions: MessageFunctions<Value, Init>,
): Codec<Value, Init> {
  return {
    create(init) {
      try {
        return functions.create(unpolluted(init));
      } catch (error) {
        throw toEncodeRefusal(name, error);
      }
    },
    encode(value, room, { maxDepth } = payloadLimits) {
      checkMessage(value, { path: [name], depth: 0, isInPlain: false, maxDepth });
      try {
        const payload = functions.toBinary(value);
        const framed = new Uint8Array(room + payload.length);
        framed.set(payload, room);
        return framed;
      } catch (error) {
        throw toEncodeRefusal(name, error);
      }
    },
    decode(payload, { maxDepth, maxItems } = payloadLimits) {
      let value: Value;
      try {
        value = functions.fromBinary(payload, { recursionLimit: maxDepth });
      } catch (error) {
        throw toDecodeRefusal(name, error);
      }
      // Every item takes a byte.
      if (payload.length > maxItems && itemsIn(value) > maxItems)
        throw decodeRefusal(`${name}: the payload holds more than ${maxItems} items`, {
          reason: "too-large",
        });
      return value;
    },
  };
}

/** Where the check stands; the path is spelled out only for a refusal. */
interface Place {
  readonly path: (string | number)[];
  /** Messages around the value, as the decoder will count them. */
  readonly depth: number;
  readonly isInPlain: boolean;
  readonly maxDepth: number;
}

/** Items of lists and maps, at any depth; the members of messages are not counted. */
function itemsIn(value: unknown): number {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  const parts = Object.values(value);
  const isMessage = Object.hasOwn(value, "$typeName");
  return parts.reduce<number>((sum, part) => sum + itemsIn(part), isMessage ? 0 : parts.length);
}

/** protobuf-es writes a lone surrogate as U+FFFD and has no depth limit on encode: both are refused here. */
function checkMessage(value: unknown, place: Place): void {
  if (typeof value === "string") {
    if (textLength(value) < 0)
      throw refusal(spell(place.path), "the text holds a lone surrogate", "invalid-text");
    return;
  }
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  const isList = Array.isArray(value);
  const isMessage = Object.hasOwn(value, "$typeName");
  // Plain objects and lists inside one another are a Struct's: each level is a Struct or ListValue in a Value.
  const depth = place.depth + (isMessage ? 1 : place.isInPlain ? 2 : 0);
  if (depth > place.maxDepth)
    throw refusal(spell(place.path), `messages are nested deeper than ${place.maxDepth}`, "too-deep");
  const inner = { ...place, depth, isInPlain: !isMessage };
  const entries: Iterable<[string | number, unknown]> = isList ? value.entries() : Object.entries(value);
  for (const [key, item] of entries) {
    if (typeof item !== "string" && typeof item !== "object") continue;
    place.path.push(key);
    checkMessage(item, inner);
    place.path.pop();
  }
}

function spell(path: readonly (string | number)[]): string {
  const parts = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`));
  return parts.join("").slice(1);
}

function refusal(path: string, what: string, reason: DecodeReason): CodedError {
  return encodeRefusal(`${path}: ${what}`, { path, reason });
}

/** The library's text quotes the value, which may be sensitive: only the part that names the field is kept. */
export function toEncodeRefusal(name: string, error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const [, field] = /cannot encode field (\S+) to (?:binary|JSON)/.exec(textOf(error)) ?? [];
  return refusal(field ?? name, "the value does not fit its schema", "type-mismatch");
}

function toDecodeRefusal(name: string, error: unknown): CodedError {
  const message = `${name}: the payload does not fit its schema`;
  return decodeRefusal(message, { reason: reasonOf(error) }, { cause: error });
}

// The library has no codes: for depth its text is the only sign.
function reasonOf(error: unknown): DecodeReason {
  if (/recursion depth/.test(textOf(error))) return "too-deep";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "invalid-text" : "malformed";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
