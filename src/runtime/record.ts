import { finishReading } from "../codec/avro-values.ts";
import { createReader, type Reader } from "../codec/reader.ts";
import { createScratch, type Scratch } from "../codec/scratch.ts";
import { emptyWriter, finishWriting, startWriting, type Writer } from "../codec/writer.ts";
import type { Codec } from "../core/event.ts";
import type { PayloadLimits } from "../core/limits.ts";

/** What the generator prints for an Avro record: three functions over the primitives of `codec`. */
export interface RecordFunctions<Value, Init> {
  create(init: Init, depth: number): Value;
  write(writer: Writer, value: Value, at: string): void;
  read(reader: Reader): Value;
  /** Readers of what earlier versions of the schema wrote, by the fingerprint of their encoding. */
  readonly earlier?: Readonly<Record<string, (reader: Reader) => Value>>;
}

/** Joins a record's generated functions into its codec; `name` begins the path in refusals. */
export function recordCodec<Value, Init>(
  name: string,
  functions: RecordFunctions<Value, Init>,
): Codec<Value, Init> {
  // Taken while it is used: a getter of a value that encodes another value gets one of its own.
  let idle: Writer | undefined;
  let scratch: Scratch | undefined;
  const decoder =
    (read: (reader: Reader) => Value) =>
    (framed: Uint8Array, room: number, limits?: PayloadLimits): Value => {
      scratch ??= createScratch();
      const reader = createReader(framed, scratch, limits, room);
      const value = read(reader);
      finishReading(reader);
      return value;
    };
  const decodeFramed = decoder(functions.read);
  const encode = (writer: Writer, value: Value, room: number, limits?: PayloadLimits): Uint8Array => {
    startWriting(writer, room, limits);
    try {
      functions.write(writer, value, name);
    } catch (error) {
      // Once more, to find its path: nobody else pays for keeping it.
      if (writer.path === undefined) encode(emptyWriter([]), value, 0, limits);
      throw error;
    }
    return finishWriting(writer);
  };
  return {
    create: (init) => functions.create(init, 0),
    encode(value, room, limits) {
      const writer = idle ?? emptyWriter();
      idle = undefined;
      const framed = encode(writer, value, room, limits);
      idle = writer;
      return framed;
    },
    decodeFramed,
    decode: (payload, limits) => decodeFramed(payload, 0, limits),
    earlier(encoding) {
      const { earlier = {} } = functions;
      const read = Object.hasOwn(earlier, encoding) ? earlier[encoding] : undefined;
      const decode = read && decoder(read);
      return decode && ((payload, limits) => decode(payload, 0, limits));
    },
  };
}
