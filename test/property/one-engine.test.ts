import { expect } from "chai";
import { toAnswer } from "../../codegen/cli/compat/answer.ts";
import type { Verdict } from "../../src/compatibility/difference.ts";
import { checkCompatibility } from "../../src/compatibility/engine.ts";
import { parseSchema } from "../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { type CompatibilityLevel, compatibilityLevels } from "../../src/core/event.ts";
import { runCommand } from "../support/command.ts";
import { dialectOf } from "../support/compatibility.ts";
import { type SourcePair, sourcePairs } from "../support/schema-pairs.ts";
import { writeTree } from "../support/schema-tree.ts";

const seed = 20_261_121;
const dialects = ["confluent-7.0.0", "confluent-7.6.0", "confluent-8", "confluent-head"];

interface Case extends SourcePair {
  readonly level: CompatibilityLevel;
  readonly dialect: string;
}

function casesOf(count: number): readonly Case[] {
  return sourcePairs(count, seed).map((pair, at) => ({
    ...pair,
    level: compatibilityLevels[at % compatibilityLevels.length]!,
    dialect: dialects[at % dialects.length]!,
  }));
}

function parsed({ older, newer }: SourcePair): readonly [ParsedSchema, ParsedSchema] {
  return [parseSchema(older, { isReleased: true }), parseSchema(newer)];
}

function judge(
  older: ParsedSchema,
  newer: ParsedSchema,
  level: CompatibilityLevel,
  dialect: string,
): Verdict {
  return checkCompatibility({
    history: [{ schema: older }],
    schema: newer,
    level,
    dialect: dialectOf(dialect),
  });
}

/** What the engine answers, or that a schema cannot be read. */
function engineAnswer(one: Case): unknown {
  try {
    return JSON.parse(JSON.stringify(toAnswer(judge(...parsed(one), one.level, one.dialect))));
  } catch (error) {
    if (!(error instanceof KeryxError)) throw error;
    return "refused";
  }
}

const outcome = (answer: { readonly error?: unknown }): unknown =>
  answer.error === undefined ? answer : "refused";

/** A schema and its imports in a folder, under the names by which they are found. */
function filesOf(folder: string, { type, text, imports }: Case["older"]): Record<string, string> {
  const ending = type === "AVRO" ? "avsc" : "proto";
  return {
    [`${folder}/main-schema.${ending}`]: text,
    ...Object.fromEntries(
      imports.map((one) => [`${folder}/${type === "AVRO" ? `${one.name}.avsc` : one.name}`, one.text]),
    ),
  };
}

describe("one engine", () => {
  it("answers keryx compat as it answers its callers", async () => {
    const cases = casesOf(300);
    const folders = cases.map((one, at) => ({
      ...filesOf(`${at}/old`, one.older),
      ...filesOf(`${at}/new`, one.newer),
    }));
    const cwd = await writeTree(Object.assign({}, ...folders));
    let refused = 0;
    let incompatible = 0;
    for (const [at, one] of cases.entries()) {
      const ending = one.older.type === "AVRO" ? "avsc" : "proto";
      const files = [`${at}/old/main-schema.${ending}`, `${at}/new/main-schema.${ending}`];
      const flags = ["--level", one.level, "--dialect", one.dialect, "--json"];
      const { out, exit } = await runCommand(cwd, ["compat", ...files, ...flags]);
      const answer = JSON.parse(out);
      expect(outcome(answer), `${at}`).to.deep.equal(engineAnswer(one));
      if (answer.error !== undefined) refused++;
      else if (!answer.compatible) incompatible++;
      const yes = answer.verdicts?.registry === true && answer.verdicts.wire === true;
      expect(exit).to.equal(answer.error !== undefined ? 1 : yes ? 0 : 3);
    }
    // The pairs are of use only when many of them are judged, with either answer.
    expect(refused).to.be.lessThan(100);
    expect(incompatible).to.be.within(30, 250);
  });

  it("answers keryx compat --batch as it answers its callers", async () => {
    // A line has one set of imports for old and new.
    const cases = casesOf(2_000).filter(
      ({ older, newer }) => JSON.stringify(older.imports) === JSON.stringify(newer.imports),
    );
    expect(cases.length).to.be.greaterThan(750);
    const lines = cases.map(({ older, newer, level, dialect }, id) => {
      const imports = Object.fromEntries(older.imports.map(({ name, text }) => [name, text]));
      return `${JSON.stringify({ id, old: [older.text], new: newer.text, type: older.type, level, dialect, imports })}\n`;
    });
    const { out } = await runCommand(import.meta.dirname, ["compat", "--batch"], {
      input: [lines.join("")],
    });
    const answers = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers).to.have.length(cases.length);
    for (const [at, one] of cases.entries()) {
      const { id, ...answer } = answers[at];
      expect(id).to.equal(at);
      expect(outcome(answer), `${at}`).to.deep.equal(engineAnswer(one));
    }
  }).timeout(600_000);
});

describe("levels over any pair of schemas", () => {
  let pairs: readonly (readonly [ParsedSchema, ParsedSchema])[] = [];
  before(() => {
    pairs = sourcePairs(2_000, seed + 1).flatMap((pair) => {
      try {
        return [parsed(pair)];
      } catch (error) {
        if (!(error instanceof KeryxError)) throw error;
        return [];
      }
    });
    expect(pairs.length).to.be.greaterThan(1_200);
  });
  const essence = ({ registry }: Verdict): unknown =>
    registry.differences.map(({ kind, path, message, compatible }) => ({ kind, path, message, compatible }));

  it("judge FORWARD from a to b as BACKWARD from b to a", () => {
    for (const [a, b] of pairs) {
      const forward = judge(a, b, "FORWARD", "confluent-8");
      const backward = judge(b, a, "BACKWARD", "confluent-8");
      expect(essence(forward)).to.deep.equal(essence(backward));
      expect(forward.registry.compatible).to.equal(backward.registry.compatible);
    }
  });

  it("judge FULL as both, with what old readers cannot read in front", () => {
    for (const [a, b] of pairs) {
      const full = judge(a, b, "FULL", "confluent-head").registry;
      const forward = judge(a, b, "FORWARD", "confluent-head").registry;
      const backward = judge(a, b, "BACKWARD", "confluent-head").registry;
      expect(full.differences).to.deep.equal([...forward.differences, ...backward.differences]);
      expect(full.compatible).to.equal(forward.compatible && backward.compatible);
    }
  });

  it("judge one version alike whether they are transitive or not", () => {
    for (const [a, b] of pairs)
      for (const level of ["BACKWARD", "FORWARD", "FULL"] as const) {
        const { level: _, ...plain } = judge(a, b, level, "confluent-7.0.0");
        const { level: __, ...transitive } = judge(a, b, `${level}_TRANSITIVE`, "confluent-7.0.0");
        expect(plain).to.deep.equal(transitive);
      }
  });

  it("have a strongest one, which takes what the asked one does not", () => {
    for (const [a, b] of pairs) {
      const { compatible, strongest } = judge(a, b, "FULL_TRANSITIVE", "confluent-8").registry;
      expect(strongest === undefined).to.equal(compatible);
      if (strongest !== undefined)
        expect(judge(a, b, strongest, "confluent-8").registry.compatible).to.equal(true);
    }
  });
});
