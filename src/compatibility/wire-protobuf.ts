import type { ProtoSchema } from "../schema/proto/schema.ts";
import type { Direction, FoundWireProblem } from "./difference.ts";
import { judgeEnum } from "./wire-protobuf/enums.ts";
import type { Judging, Names, Report, Sink } from "./wire-protobuf/judging.ts";
import { protobufWireKinds, wireProblem } from "./wire-protobuf/kinds.ts";
import { judgeMessage } from "./wire-protobuf/messages.ts";
import { cut, type MessageView } from "./wire-protobuf/model.ts";
import { createPairing, type Pairing } from "./wire-protobuf/pairing.ts";

/** Fields and values that are looked at in one judgement: what fits into a schema text, some hundred times over. */
const maxSteps = 2_000_000;

/**
 * Whether bytes written under one schema keep their meaning under another.
 * @param direction which of the two is newer: `backward`, the reader. Numbers that become free matter only then
 * @see https://protobuf.dev/programming-guides/proto3/#updating
 */
export function judgeProtobufWire(
  writer: ProtoSchema,
  reader: ProtoSchema,
  direction: Direction,
): readonly FoundWireProblem[] {
  const problems: FoundWireProblem[] = [];
  const pairing = createPairing(writer, reader);
  const report: Report = (kind, path, message) =>
    problems.push(wireProblem(kind, { path, message }, direction));
  const { judging, work } = createJudging(pairing, direction, report);
  for (const pair of pairing.pairs)
    if (pair.kind === "message") judging.visit(pair.writer, pair.reader);
    else judging.visitEnums(pair.writer, pair.reader);
  work();
  if (direction === "backward")
    for (const { path, fullName } of pairing.lost)
      report("MESSAGE_REMOVED", path, `${cut(fullName)} is gone, and nothing else has its name.`);
  if (!judging.spend(0)) report("NOT_JUDGED", "#/", "There is too much to compare between the two schemas.");
  return problems;
}

/** The judgement and the pairs of messages that it still has to look at. */
function createJudging(
  { isSame }: Pairing,
  direction: Direction,
  report: Report,
): { readonly judging: Judging; work(): void } {
  let steps = 0;
  const open: (readonly [MessageView, MessageView])[] = [];
  const visited = createPairMap<true>();
  const missing = createPairMap<{ readonly value: ReturnType<Judging["missingValue"]> }>();
  const differences = createPairMap<{ readonly text: string | undefined }>();
  const judging: Judging = {
    ...{ direction, isSame },
    spend: (more) => {
      steps += more;
      return steps <= maxSteps;
    },
    visit: (writer, reader) => {
      if (visited.add(writer.identity, reader.identity, true)) open.push([writer, reader]);
    },
    visitEnums: (writer, reader) => {
      if (visited.add(writer.type, reader.type, true)) judgeEnum(judging, writer, reader, report);
    },
    missingValue: (writer, reader) => {
      const known = missing.get(writer.type, reader.type);
      if (known !== undefined) return known.value;
      judging.spend(writer.type.values.length + reader.type.values.length);
      const names = new Set(reader.type.values.map(({ number, name }) => `${number} ${name}`));
      const value = writer.type.values.find(({ number, name }) => !names.has(`${number} ${name}`));
      missing.add(writer.type, reader.type, { value });
      return value;
    },
  };
  const sink: Sink = {
    report,
    replaced: (writer, reader, names) => {
      const known = differences.get(writer.identity, reader.identity);
      if (known !== undefined) return known.text;
      const text = findDifference(judging, writer, reader, names);
      differences.add(writer.identity, reader.identity, { text });
      return text;
    },
  };
  const work = (): void => {
    // Taken from a list that grows meanwhile: to shift a long one costs its length each time.
    for (const [writer, reader] of open) {
      if (!judging.spend(0)) break;
      judgeMessage(judging, writer, reader, { sink, names: "renamed" });
    }
  };
  return { judging, work };
}

/** The first thing in which two messages differ that are not the same one, and the messages in them alike. */
function findDifference(
  judging: Judging,
  writer: MessageView,
  reader: MessageView,
  names: Names,
): string | undefined {
  let difference: string | undefined;
  const open: (readonly [MessageView, MessageView, Names])[] = [[writer, reader, names]];
  const visited = createPairMap<true>();
  visited.add(writer.identity, reader.identity, true);
  const sink: Sink = {
    report: (kind, _path, message) => {
      if (protobufWireKinds[kind].severity === "error") difference ??= message.replace(/\.$/, "");
    },
    replaced: (inner, other, innerNames) => {
      if (visited.add(inner.identity, other.identity, true)) open.push([inner, other, innerNames]);
      return undefined;
    },
  };
  for (const [inner, other, innerNames] of open) {
    judgeMessage(judging, inner, other, { sink, names: innerNames });
    if (difference !== undefined || !judging.spend(0)) break;
  }
  return difference;
}

interface PairMap<Value> {
  get(writer: object, reader: object): Value | undefined;
  /** False when the pair is there already. */
  add(writer: object, reader: object, value: Value): boolean;
}

function createPairMap<Value>(): PairMap<Value> {
  const values = new Map<object, Map<object, Value>>();
  return {
    get: (writer, reader) => values.get(writer)?.get(reader),
    add: (writer, reader, value) => {
      const row = values.get(writer) ?? new Map<object, Value>();
      values.set(writer, row);
      if (row.has(reader)) return false;
      row.set(reader, value);
      return true;
    },
  };
}
