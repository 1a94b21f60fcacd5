import { expect } from "chai";
import fc from "fast-check";
import { compareAvro } from "../../src/compatibility/avro.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { AvroNamedType } from "../../src/schema/avro/model.ts";
import { type AvroSchema, parseAvro } from "../../src/schema/avro.ts";
import {
  type AvroAnswer,
  type AvroOracle,
  type AvroQuestion,
  askAvro,
} from "../support/avro-oracle/oracle.ts";
import { generatePair, type Texts } from "../support/avro-pairs.ts";
import { requireAvro } from "../support/servers.ts";

const pairs = fc.gen().map(generatePair);
const kinds = [
  "TYPE_MISMATCH",
  "NAME_MISMATCH",
  "FIXED_SIZE_MISMATCH",
  "MISSING_ENUM_SYMBOLS",
  "MISSING_UNION_BRANCH",
  "READER_FIELD_MISSING_DEFAULT_VALUE",
];

function parseTexts(texts: Texts): AvroSchema {
  const named = new Map<string, AvroNamedType>();
  let last: AvroSchema | undefined;
  for (const text of texts) {
    last = parseAvro(text, { named, asRegistered: true, ignoreDefaults: true });
    for (const [name, type] of last.named) named.set(name, type);
  }
  return last!;
}

function ask({ reader, writer }: AvroQuestion): AvroAnswer {
  const schemas: AvroSchema[] = [];
  for (const texts of [reader, writer])
    try {
      schemas.push(parseTexts(texts));
    } catch (error) {
      if (!(error instanceof KeryxError)) throw error;
      return { refused: schemas.length === 0 ? "reader" : "writer", message: error.message };
    }
  const list = compareAvro(schemas[0]!, schemas[1]!);
  if (list[0]?.kind === "EXCEPTION") return { exception: list[0].message };
  return { list: list.map(({ kind, path, message }) => [kind, path, message]) };
}

/** What both must agree in: the words of refusals and exceptions are each one's own. */
function essenceOf(answer: AvroAnswer): string {
  if ("refused" in answer) return `refused ${answer.refused}`;
  return "exception" in answer ? "exception" : JSON.stringify(answer.list);
}

function countAnswers(answers: readonly AvroAnswer[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const answer of answers)
    if ("list" in answer) {
      count(answer.list.length === 0 ? "compatible" : "incompatible");
      for (const kind of new Set(answer.list.map(([kind]) => kind))) count(kind);
    } else count("refused" in answer ? "refused" : "exception");
  return counts;
}

describe("Avro compatibility beside Avro's own library", () => {
  let avro: AvroOracle;

  before(async function () {
    avro = await requireAvro(this);
  });

  it("has the same differences in the same order for 20,000 pairs of generated schemas", async () => {
    const seed = Date.now() & 0x7fffffff;
    const questions = fc.sample(pairs, { numRuns: 10_000, seed }).flatMap(({ older, newer }) => [
      { reader: newer, writer: older },
      { reader: older, writer: newer },
    ]);
    const answers = await askAvro(avro, questions);
    const disagreements = questions.flatMap((question, index) => {
      const [theirs, ours] = [answers[index]!, ask(question)];
      return essenceOf(theirs) === essenceOf(ours) ? [] : [{ question, theirs, ours }];
    });
    const [shortest] = disagreements
      .map((one) => JSON.stringify(one, null, 1))
      .toSorted((a, b) => a.length - b.length);
    if (shortest !== undefined)
      expect.fail(`${disagreements.length} disagreements with seed ${seed}, the shortest:\n${shortest}`);

    const counts = countAnswers(answers);
    const summary = JSON.stringify(Object.fromEntries(counts));
    for (const kind of [...kinds, "exception", "refused"])
      expect(counts.get(kind) ?? 0, `${kind} in ${summary}`).to.be.greaterThan(20);
    for (const verdict of ["compatible", "incompatible"])
      expect(counts.get(verdict) ?? 0, `${verdict} in ${summary}`).to.be.greaterThan(5_000);
  }).timeout(600_000);
});
