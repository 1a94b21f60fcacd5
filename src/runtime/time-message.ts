import { keepUnknown, takeTag } from "../codec/message-reader.ts";
import { putInt32, putInt64, putUnknown, type UnknownField } from "../codec/message-scalars.ts";
import { takeInt32, takeInt64 } from "../codec/message-values.ts";
import { closeMessage, type MessageWriter, openMessage } from "../codec/message-writer.ts";
import { enter, leave, type Reader } from "../codec/reader.ts";

/** A google.protobuf.Timestamp or google.protobuf.Duration: the two have the same fields. */
export interface TimeMessage<Name extends string = string> {
  readonly $typeName: Name;
  $unknown?: UnknownField[] | undefined;
  seconds: bigint;
  nanos: number;
}

/** Completes an init value; a message comes back as it is. */
export function createTime<Name extends string>(
  $typeName: Name,
  init: { readonly $typeName?: Name; readonly seconds?: bigint; readonly nanos?: number },
): TimeMessage<Name> {
  if (init.$typeName === $typeName) return init as TimeMessage<Name>;
  return { $typeName, seconds: init.seconds ?? 0n, nanos: init.nanos ?? 0 };
}

/** Writes a Timestamp or Duration behind its tag. */
export function writeTime(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: TimeMessage,
  at: string,
): number {
  let p = openMessage(writer, from, tag, value, at);
  const start = p - writer.start;
  if (value.seconds !== 0n) p = putInt64(writer, p, 8, value.seconds, "seconds");
  if (value.nanos !== 0) p = putInt32(writer, p, 16, value.nanos, "nanos");
  if (value.$unknown !== undefined) p = putUnknown(writer, p, value.$unknown);
  return closeMessage(writer, start, p);
}

/** Reads a Timestamp or Duration up to `end`, into one that is there already or a new one. */
export function readTime<Name extends string>(
  reader: Reader,
  end: number,
  $typeName: Name,
  value: TimeMessage<Name> = { $typeName, seconds: 0n, nanos: 0 },
): TimeMessage<Name> {
  enter(reader);
  while (reader.position < end) {
    const tag = takeTag(reader, end);
    if (tag === 8) value.seconds = takeInt64(reader, end);
    else if (tag === 16) value.nanos = takeInt32(reader, end);
    else keepUnknown(reader, tag, end, value);
  }
  leave(reader);
  return value;
}
