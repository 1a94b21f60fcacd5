import { createReader, finishReading, type Reader } from "../codec/reader.ts";
import { createWriter, finishWriting, type Writer } from "../codec/writer.ts";
import type { Codec } from "../core/event.ts";

/** What the generator prints for an Avro record: three functions over the primitives of `codec`. */
export interface RecordFunctions<Value, Init> {
  create(init: Init, depth: number): Value;
  write(writer: Writer, value: Value, at: string): void;
  read(reader: Reader): Value;
}

/** Joins a record's generated functions into its codec; `name` begins the path in refusals. */
export function recordCodec<Value, Init>(
  name: string,
  functions: RecordFunctions<Value, Init>,
): Codec<Value, Init> {
  return {
    create: (init) => functions.create(init, 0),
    encode(value, room) {
      const writer = createWriter(room);
      functions.write(writer, value, name);
      return finishWriting(writer);
    },
    decode(payload) {
      const reader = createReader(payload);
      const value = functions.read(reader);
      finishReading(reader);
      return value;
    },
  };
}
