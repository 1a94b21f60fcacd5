import type { Judging, Names, Sink } from "./judging.ts";
import type { ProtobufWireKind } from "./kinds.ts";
import { cut, type FieldView, fieldText, type MessageView } from "./model.ts";
import { createSpanSet, type SpanSet, spansText, subtractSpans } from "./ranges.ts";
import { judgeField } from "./types.ts";

/** What becomes of the fields of one message that is read as another. */
export function judgeMessage(
  judging: Judging,
  writer: MessageView,
  reader: MessageView,
  { sink, names }: { readonly sink: Sink; readonly names: Names },
): void {
  if (!judging.spend(writer.fields.length + reader.fields.length)) return;
  const written = byNumber(writer.fields);
  const read = byNumber(reader.fields);
  judgeWritten(judging, written, read, { reader, sink, names });
  judgeOneofs(written, reader, sink);
  if (names !== "free") judgeNames(written, read, sink);
  for (const [number, { path, cardinality, field }] of read)
    if (!written.has(number) && cardinality === "required")
      sink.report("REQUIRED_MISSING", path, `\`${fieldText(field)}\` is required and never written.`);
  // Only what is newer can take or free a number.
  if (judging.direction === "backward") judgeNumbers(writer, written, read, { reader, sink, names });
}

interface Side {
  readonly reader: MessageView;
  readonly sink: Sink;
  readonly names: Names;
}

function byNumber(fields: readonly FieldView[]): ReadonlyMap<number, FieldView> {
  const found = new Map<number, FieldView>();
  for (const field of fields) if (!found.has(field.field.number)) found.set(field.field.number, field);
  return found;
}

type Fields = ReadonlyMap<number, FieldView>;

function judgeWritten(judging: Judging, written: Fields, read: Fields, side: Side): void {
  const { reader, sink, names } = side;
  const reserved = createSpanSet(reader.reservedRanges);
  for (const [number, field] of written) {
    const other = read.get(number);
    if (other !== undefined) {
      judgeField(judging, { writer: field, reader: other }, sink);
      if (names === "telling" && field.field.name !== other.field.name)
        sink.report(
          "NAME_MOVED",
          other.path,
          `\`${fieldText(field.field)}\` became \`${fieldText(other.field)}\``,
        );
    } else if (judging.direction === "backward" && !reserved.has(number))
      sink.report(
        "NUMBER_NOT_RESERVED",
        pathIn(reader, field),
        `\`${fieldText(field.field)}\` is gone from ${cut(reader.fullName)}, which does not reserve ${number}.`,
      );
  }
}

/** Where the field would stand: there it is that its number has to be reserved. */
function pathIn({ path }: MessageView, { field }: FieldView): string {
  return [path, ...(field.oneof === undefined ? [] : [field.oneof]), field.number].join("/");
}

/** Of what stands in one oneof of the reader, the writer can have set one at most, or all but the last are lost. */
function judgeOneofs(written: Fields, reader: MessageView, sink: Sink): void {
  const oneofs = new Map<string, Map<string, FieldView>>();
  for (const { field } of reader.fields) {
    const before = written.get(field.number);
    if (field.oneof === undefined || before === undefined) continue;
    const groups = oneofs.get(field.oneof) ?? new Map<string, FieldView>();
    oneofs.set(field.oneof, groups);
    groups.set(before.field.oneof === undefined ? `/${field.number}` : before.field.oneof, before);
  }
  for (const [oneof, groups] of oneofs) {
    if (groups.size < 2) continue;
    const shown = [...groups.values()].slice(0, 5).map(({ field }) => `\`${fieldText(field)}\``);
    sink.report(
      "FIELDS_JOINED",
      `${reader.path}/${oneof}`,
      `${shown.join(", ")} can be set together and are read into the oneof ${cut(oneof)}, which keeps the last.`,
    );
  }
}

/** A name that moved to another number was meant to be the same field. */
function judgeNames(written: Fields, read: Fields, sink: Sink): void {
  const before = new Map<string, FieldView>();
  for (const field of written.values()) if (!field.isExtension) before.set(field.field.name, field);
  for (const { field, isExtension, path } of read.values()) {
    const old = isExtension ? undefined : before.get(field.name);
    if (old === undefined || old.field.number === field.number) continue;
    sink.report(
      "NAME_MOVED",
      path,
      `Written as \`${fieldText(old.field)}\`, read as \`${fieldText(field)}\`.`,
    );
  }
}

/** Numbers that were set aside may lie in older bytes still, with another meaning. */
function judgeNumbers(
  writer: MessageView,
  written: Fields,
  read: Fields,
  { reader, sink, names }: Side,
): void {
  const [reserved, extensions] = [writer.reservedRanges, writer.extensionRanges];
  if (reserved.length === 0 && extensions.length === 0) return;
  const wereReserved = createSpanSet(reserved);
  const wereExtensions = createSpanSet(extensions);
  for (const [number, { field, isExtension, path }] of read) {
    if (written.has(number)) continue;
    if (wereReserved.has(number))
      sink.report("NUMBER_REUSED", path, `\`${fieldText(field)}\` has a number that was reserved.`);
    else if (!isExtension && wereExtensions.has(number))
      sink.report("NUMBER_REUSED", path, `\`${fieldText(field)}\` has a number that belonged to extensions.`);
  }
  // Another message has numbers of its own.
  if (names === "telling") return;
  const fields = [...read.keys()].map((number) => ({ from: number, to: number }));
  const freed = (
    before: SpanSet,
    kind: ProtobufWireKind,
    what: string,
    ...now: (typeof reserved)[]
  ): void => {
    const spans = subtractSpans(before, createSpanSet(fields, ...now));
    if (spans.length > 0)
      sink.report(kind, reader.path, `${spansText(spans)} of ${cut(writer.fullName)} ${what}.`);
  };
  freed(wereReserved, "RESERVATION_REMOVED", "was reserved and is free again", reader.reservedRanges);
  freed(
    wereExtensions,
    "EXTENSION_RANGE_REMOVED",
    "belonged to extensions and is free now",
    reader.reservedRanges,
    reader.extensionRanges,
  );
}
