import type { Judging, Report } from "./judging.ts";
import type { ProtobufWireKind } from "./kinds.ts";
import { cut, type EnumView } from "./model.ts";
import { createSpanSet, spansText, subtractSpans } from "./ranges.ts";

/** What becomes of the values of an enum. Names of values may change, their numbers may not. */
export function judgeEnum(
  { direction, spend }: Judging,
  writer: EnumView,
  reader: EnumView,
  report: Report,
): void {
  const [written, read] = [writer.type.values, reader.type.values];
  if (!spend(written.length + read.length)) return;
  const isNewer = direction === "backward";
  const known = new Set(read.map(({ number }) => number));
  const reserved = createSpanSet(reader.type.reservedRanges);
  const wasReserved = createSpanSet(writer.type.reservedRanges);
  const numbers = new Map(written.map(({ name, number }) => [name, number]));
  const at = (kind: ProtobufWireKind, number: number, message: string): void =>
    report(kind, `${reader.path}/${number}`, message);

  const missing = new Map(written.flatMap(({ name, number }) => (known.has(number) ? [] : [[number, name]])));
  for (const [number, name] of missing) {
    const what = `Written as \`${cut(name)} = ${number}\` of ${cut(writer.fullName)}`;
    if (reader.isClosed) at("VALUE_UNKNOWN", number, `${what}, which the closed enum of the reader drops.`);
    if (isNewer && !reserved.has(number))
      at("VALUE_NOT_RESERVED", number, `${what}, which is gone without being reserved.`);
  }
  const before = new Set(numbers.values());
  for (const { name, number } of read) {
    const old = numbers.get(name);
    if (old !== undefined && old !== number)
      at(
        "VALUE_MOVED",
        number,
        `Written as \`${cut(name)} = ${old}\`, read as \`${cut(name)} = ${number}\`.`,
      );
    if (isNewer && !before.has(number) && wasReserved.has(number))
      at("VALUE_REUSED", number, `\`${cut(name)} = ${number}\` has a number that was reserved.`);
  }
  if (!isNewer || writer.type.reservedRanges.length === 0) return;
  const taken = createSpanSet(
    reader.type.reservedRanges,
    read.map(({ number }) => ({ from: number, to: number })),
  );
  const freed = subtractSpans(wasReserved, taken);
  if (freed.length > 0)
    report(
      "RESERVATION_REMOVED",
      reader.path,
      `${spansText(freed)} of ${cut(writer.fullName)} was reserved and is free again.`,
    );
}
