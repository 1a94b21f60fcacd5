import { expect } from "chai";
import { baselineOfLock } from "../../codegen/check/baseline.ts";
import { checkProject } from "../../codegen/check/check.ts";
import type { CheckRequest } from "../../codegen/check/request.ts";
import type { Finding } from "../../codegen/diagnostics-finding.ts";
import { fingerprintOf, type Lock, type LockedContract } from "../../codegen/model/lock.ts";
import type { EventModel, Sourced } from "../../codegen/model/model.ts";
import type { Verdict } from "../../src/compatibility/difference.ts";
import { checkCompatibility } from "../../src/compatibility/engine.ts";
import { parseSchema, type SchemaSource } from "../../src/compatibility/parse.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { type CompatibilityLevel, compatibilityLevels } from "../../src/core/event.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import { dialectOf } from "../support/compatibility.ts";
import { sourcePairs } from "../support/schema-pairs.ts";

const dialects = ["confluent-7.0.0", "confluent-7.6.0", "confluent-8", "confluent-head"];
const at = { file: "event", line: 1, column: 1 };
const byDefault = <T>(value: T): Sourced<T> => ({ value, from: { kind: "default", why: "" } });

/** A project of one event whose schema text is given, as the loader would hand it on. */
function requestOf(
  older: readonly Required<SchemaSource>[],
  newer: Required<SchemaSource>,
  level: CompatibilityLevel,
  dialect: string,
): CheckRequest {
  const format = newer.type === "AVRO" ? "avro" : "protobuf";
  const wireOf = ({ text, imports }: Required<SchemaSource>) => ({
    schema: text,
    references: imports.map(({ name, text }) => ({ name, subject: name, schema: text, references: [] })),
    fingerprint: fingerprintOf(text),
  });
  const policy = { type: "e", topic: "t", compatibility: level, deadLetter: "d", ordered: false } as const;
  const contract: LockedContract = {
    ...{ format, subject: "s", policy: { ...policy, retry: { delaysMs: [] }, sensitive: [] } },
  };
  const record = parseAvro('{"type":"record","name":"E","fields":[]}').type;
  const event: EventModel = {
    ...{ format, name: "e", identifier: "E", method: "e", at, sensitive: [], index: [], wire: wireOf(newer) },
    options: {
      ...{ type: byDefault("e"), topic: byDefault("t"), subject: byDefault("s") },
      ...{ compatibility: byDefault(level), retryDelaysMs: byDefault([]) },
      ...{ deadLetter: byDefault("d"), ordered: byDefault(false), serialization: byDefault("BINARY") },
    },
    // Only the places of findings come from it.
    source: { kind: "avro", record: record as Extract<EventModel["source"], { kind: "avro" }>["record"] },
  };
  const versions = older.map((one) => ({ ...wireOf(one), index: [] }));
  const lock: Lock = { events: new Map([["e", { released: contract, versions }]]) };
  return {
    model: { events: [event], topics: [], avroTypes: [] },
    ...{
      lock,
      lockText: "",
      inputs: new Map(),
      prefix: "",
      placeOfSetting: () => undefined,
      retired: new Set<string>(),
    },
    baseline: baselineOfLock(lock),
    dialect: dialectOf(dialect),
  };
}

type Answer = Pick<Finding, "kind" | "path" | "against" | "verdicts">;
const key = (one: Answer): string => JSON.stringify([one.kind, one.path, one.against, one.verdicts]);

/** What keryx check reports of the event, by rule. */
function ofCheck(request: CheckRequest): unknown {
  try {
    const { findings } = checkProject(request);
    const own = findings.filter(({ event }) => event === "e");
    const by = (rule: string): readonly string[] =>
      [...new Set(own.filter((one) => one.rule === rule).map(key))].sort();
    return { registry: by("registry-incompatible"), wire: by("wire-unsafe") };
  } catch (error) {
    if (!(error instanceof KeryxError)) throw error;
    return "refused";
  }
}

/** What the engine says of the same question. */
function ofEngine(
  older: readonly Required<SchemaSource>[],
  newer: Required<SchemaSource>,
  level: CompatibilityLevel,
  dialect: string,
): unknown {
  try {
    const verdict: Verdict = checkCompatibility({
      history: older.map((one) => ({ schema: parseSchema(one, { isReleased: true }) })),
      schema: parseSchema(newer),
      level,
      dialect: dialectOf(dialect),
    });
    const verdicts = { registry: verdict.registry.compatible, wire: verdict.wire.safe };
    const unique = (list: readonly { kind: string; path: string; against: number }[]): readonly string[] =>
      [
        ...new Set(
          list.map(({ kind, path, against }) => key({ kind, path, against: against + 1, verdicts })),
        ),
      ].sort();
    return {
      registry: unique(verdict.registry.differences.filter(({ compatible }) => !compatible)),
      wire: unique(verdict.wire.problems),
    };
  } catch (error) {
    if (!(error instanceof KeryxError)) throw error;
    return "refused";
  }
}

describe("one engine", () => {
  it("answers keryx check as it answers its callers, over histories", function () {
    this.timeout(600_000);
    const pairs = sourcePairs(1_500, 20_261_122);
    const seen = { refused: 0, yes: 0, no: 0 };
    for (const [index, { older, newer }] of pairs.entries()) {
      const level = compatibilityLevels[index % compatibilityLevels.length]!;
      const dialect = dialects[index % dialects.length]!;
      // Every second history holds the pair of the one before as well, where the formats agree.
      const before = pairs[index - 1]?.older;
      const history = index % 2 === 1 && before?.type === older.type ? [before, older] : [older];
      const request = requestOf(history, newer, level, dialect);
      const engine = ofEngine(history, newer, level, dialect);
      const isSame =
        older.text === newer.text && JSON.stringify(older.imports) === JSON.stringify(newer.imports);
      if (!isSame) expect(ofCheck(request), `${index}`).to.deep.equal(engine);
      if (engine === "refused") seen.refused++;
      else if ((engine as { registry: readonly string[] }).registry.length > 0) seen.no++;
      else seen.yes++;
    }
    // The pairs are of use only when many of them are judged, with either answer.
    expect(seen.yes).to.be.greaterThan(150);
    expect(seen.no).to.be.greaterThan(150);
  });
});
