import { isLimit, limitAdvice } from "./compare.ts";
import type { Direction, FoundWireProblem, PlacedWireProblem } from "./difference.ts";
import type { EarlierVersion } from "./history.ts";
import type { LevelScope } from "./levels.ts";
import type { ParsedSchema } from "./parsed.ts";
import { judgeAvroWire } from "./wire-avro.ts";
import { judgeProtobufWire } from "./wire-protobuf.ts";

/**
 * What keeps bytes from being read with their meaning. New reads every old version at every level, because old records
 * stay in the topic; old reads new only where the level asks for it, in the versions that it asks for.
 *
 * Each problem is told once, of the newest version that has it. What is wrong between released versions already is
 * left out: no new version can mend it.
 */
export function judgeWire(
  versions: readonly EarlierVersion[],
  schema: ParsedSchema,
  { directions, isTransitive }: LevelScope,
): readonly PlacedWireProblem[] {
  const [newest] = versions;
  const judge = (direction: Direction, covered: readonly EarlierVersion[]): readonly PlacedWireProblem[] => {
    const known = new Set<string>();
    return covered.flatMap(({ index, schema: older }) => {
      const found = judgePair(older, schema, direction).filter((problem) => !known.has(keyOf(problem)));
      if (found.length === 0) return [];
      // Asked only where there is something to leave out: it costs as much as the question itself.
      const released =
        newest === undefined || newest.index === index ? [] : judgePair(older, newest.schema, direction);
      const before = new Set(released.map(keyOf));
      const added = found.filter((problem) => !before.has(keyOf(problem)));
      for (const problem of added) known.add(keyOf(problem));
      return added.map((problem) => ({ ...problem, direction, against: index }));
    });
  };
  return [
    ...judge("backward", versions),
    ...(directions.includes("forward")
      ? judge("forward", isTransitive ? versions : versions.slice(0, 1))
      : []),
  ];
}

function keyOf({ kind, path, severity }: FoundWireProblem): string {
  return JSON.stringify([kind, path, severity]);
}

const typeChanged: FoundWireProblem = {
  kind: "SCHEMA_TYPE_CHANGED",
  path: "/",
  message: "The bytes of one format mean nothing in the other.",
  advice: "Use a new subject, best with a new topic: one subject keeps one format.",
  severity: "error",
};

const notJudged: FoundWireProblem = {
  kind: "NOT_JUDGED",
  path: "/",
  message: "The comparison of the encodings failed, so nothing is promised of them.",
  advice: "Please report it, with both schemas.",
  severity: "error",
};

function judgePair(
  older: ParsedSchema,
  newer: ParsedSchema,
  direction: Direction,
): readonly FoundWireProblem[] {
  const [writer, reader] = direction === "backward" ? [older, newer] : [newer, older];
  try {
    if (writer.type === "AVRO" && reader.type === "AVRO")
      return judgeAvroWire(writer.schema, reader.schema, direction);
    if (writer.type === "PROTOBUF" && reader.type === "PROTOBUF")
      return judgeProtobufWire(writer.schema, reader.schema, direction);
  } catch (error) {
    return [isLimit(error) ? { ...notJudged, advice: limitAdvice(error) } : notJudged];
  }
  return [typeChanged];
}
