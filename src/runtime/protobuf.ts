import { createMessageReader, type MessageReader } from "../codec/message-reader.ts";
import {
  createMessageWriter,
  finishMessage,
  type MessageWriter,
  startMessage,
} from "../codec/message-writer.ts";
import { type DecodeReason, KeryxError } from "../core/errors.ts";
import type { Codec } from "../core/event.ts";
import { isPolluted, ownOnly } from "./pollution.ts";

/** What the generator prints for a Protobuf message: three functions over the primitives of `codec`. */
export interface ProtobufFunctions<Value, Init> {
  create(init: Init): Value;
  write(writer: MessageWriter, tag: number, value: Value, at: string): void;
  read(reader: MessageReader, end: number): Value;
}

/** Joins a message's generated functions into its codec; `name` begins the path in refusals. */
export function protobufCodec<Value extends object, Init>(
  name: string,
  functions: ProtobufFunctions<Value, Init>,
): Codec<Value, Init> {
  // Taken while it is used: a getter of a value that encodes another value gets one of its own.
  let idle: MessageWriter | undefined;
  let scratch: DataView | undefined;
  return {
    create(init) {
      try {
        return functions.create(isPolluted() ? ownOnly(init) : init);
      } catch (error) {
        throw refusal(name, error);
      }
    },
    encode(value, room) {
      const writer = idle ?? createMessageWriter();
      idle = undefined;
      try {
        startMessage(writer, room);
        functions.write(writer, 0, isPolluted() ? ownOnly(value) : value, name);
      } catch (error) {
        throw refusal(name, error);
      }
      idle = writer;
      return finishMessage(writer);
    },
    decode(payload) {
      scratch ??= new DataView(new ArrayBuffer(8));
      return functions.read(createMessageReader(payload, scratch), payload.length);
    },
  };
}

/** What JavaScript itself throws on a value of a wrong type quotes the value, which may be sensitive. */
function refusal(path: string, error: unknown): KeryxError {
  if (error instanceof KeryxError) return error;
  const reason: DecodeReason = error instanceof RangeError ? "too-deep" : "type-mismatch";
  return new KeryxError("encode_failed", `${path}: the value does not fit its schema`, {
    details: { path, reason },
  });
}
