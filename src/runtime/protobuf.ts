import { createMessageWriter, type MessageWriter } from "../codec/message-writer.ts";
import { createReader, type Reader } from "../codec/reader.ts";
import { createScratch, type Scratch } from "../codec/scratch.ts";
import { finishValue, startValue } from "../codec/slab.ts";
import { CodedError, encodeRefusal } from "../core/coded-error.ts";
import type { DecodeReason } from "../core/errors.ts";
import type { Codec } from "../core/event.ts";
import type { PayloadLimits } from "../core/limits.ts";
import { unpolluted } from "./pollution.ts";

/** What the generator prints for a Protobuf message: three functions over the primitives of `codec`. */
export interface ProtobufFunctions<Value, Init> {
  create(init: Init): Value;
  write(writer: MessageWriter, from: number, tag: number, value: Value, at: string): number;
  read(reader: Reader, end: number): Value;
}

/** Joins a message's generated functions into its codec; `name` begins the path in refusals. */
export function protobufCodec<Value extends object, Init>(
  name: string,
  functions: ProtobufFunctions<Value, Init>,
): Codec<Value, Init> {
  // Taken while it is used: a getter of a value that encodes another value gets one of its own.
  let idle: MessageWriter | undefined;
  let scratch: Scratch | undefined;
  const decodeFramed = (framed: Uint8Array, room: number, limits?: PayloadLimits): Value => {
    scratch ??= createScratch();
    return functions.read(createReader(framed, scratch, limits, room), framed.length);
  };
  const encode = (writer: MessageWriter, value: Value, room: number, limits?: PayloadLimits): number =>
    functions.write(writer, startValue(writer, room, limits), 0, unpolluted(value), name);
  /** A refused value is written once more, to find the way to its field: nobody else pays for keeping it. */
  const located = (value: Value, limits: PayloadLimits | undefined, error: unknown): unknown => {
    try {
      encode(createMessageWriter([]), value, 0, limits);
      return error;
    } catch (again) {
      return again;
    }
  };
  return {
    create(init) {
      try {
        return functions.create(unpolluted(init));
      } catch (error) {
        throw refusal(name, error);
      }
    },
    encode(value, room, limits) {
      const writer = idle ?? createMessageWriter();
      idle = undefined;
      try {
        const end = encode(writer, value, room, limits);
        // Whatever is written behind the end of memory is dropped without a word.
        if (end > writer.bytes.length) throw new Error("no room");
        // After a refusal it is given up: nobody may find a part of the refused value in the room in front of another.
        idle = writer;
        return finishValue(writer, end);
      } catch (error) {
        throw refusal(name, located(value, limits, error));
      }
    },
    decodeFramed,
    decode: (payload, limits) => decodeFramed(payload, 0, limits),
  };
}

/** What JavaScript itself throws on a value of a wrong type quotes the value, which may be sensitive. */
function refusal(path: string, error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const reason: DecodeReason = error instanceof RangeError ? "too-deep" : "type-mismatch";
  return encodeRefusal(`${path}: the value does not fit its schema`, { path, reason });
}
