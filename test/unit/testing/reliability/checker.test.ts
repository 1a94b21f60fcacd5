import { expect } from "chai";
import { findViolations } from "../../../../src/testing/reliability/checker.ts";
import type { Violation } from "../../../../src/testing/reliability/violations.ts";
import { addMetrics, createGoodRun, type Draft, toFinalRead } from "../../../support/reliability/good-run.ts";
import { legal } from "../../../support/reliability/plants/legal.ts";
import { losses } from "../../../support/reliability/plants/losses.ts";
import { positions } from "../../../support/reliability/plants/positions.ts";
import type { Plant } from "../../../support/reliability/plants/tools.ts";
import { witnesses } from "../../../support/reliability/plants/witnesses.ts";
import { cpuTimeMs } from "../../schema/cpu-time.ts";

function judge({ plant, isLate = false }: Pick<Plant, "plant" | "isLate">): readonly Violation[] {
  const draft = createGoodRun();
  if (!isLate) plant(draft);
  addMetrics(draft);
  if (isLate) plant(draft);
  return find(draft);
}

const find = (draft: Draft): readonly Violation[] =>
  findViolations(draft.history, draft.effects, toFinalRead(draft), draft.policy);

const names = (violations: readonly Violation[]): readonly string[] =>
  violations.map((one) => `${one.invariant}: ${one.class}`);

describe("The checker of runs", () => {
  it("accepts a run in which everything was kept", () => {
    expect(judge({ plant: () => {} })).to.deep.equal([]);
  });

  for (const { finds, besides = [], ...plant } of [...losses, ...positions, ...witnesses])
    it(`refuses ${plant.name}`, () => {
      const violations = judge(plant);
      expect(names(violations)).to.include.members(finds.map(([invariant, name]) => `${invariant}: ${name}`));
      const expected = new Set([...finds.map(([invariant]) => invariant), ...besides]);
      expect(new Set(violations.map(({ invariant }) => invariant))).to.deep.equal(expected);
      for (const { seed, total, examples } of violations) {
        expect(seed).to.equal(7);
        expect(total).to.be.at.least(1);
        expect(examples).to.have.length(Math.min(total, 20));
      }
    });

  for (const one of legal)
    it(`accepts ${one.name}`, () => {
      expect(judge(one)).to.deep.equal([]);
    });

  it("lists twenty examples with their coordinates, and counts the rest", () => {
    const draft = createGoodRun();
    draft.effects.length = 0;
    const lost = find(draft).find(({ invariant }) => invariant === "nothing-lost");
    expect(lost?.total).to.be.greaterThan(20);
    expect(lost?.examples).to.have.length(20);
    expect(lost?.examples[0]).to.match(/^m\d+ \(.*, \w+\/\d@\d+\)$/);
  });

  it("judges nothing that was not recorded", () => {
    const draft = createGoodRun();
    const kept = draft.history.filter(({ name }) => name.startsWith("producer_send"));
    const policy = { ...draft.policy, hasTraces: false };
    expect(findViolations(kept, draft.effects, toFinalRead(draft), policy)).to.deep.equal([]);
  });

  it("needs time in proportion to the run", () => {
    const draft = createGoodRun(20_000);
    addMetrics(draft);
    const timeMs = cpuTimeMs(() => expect(find(draft)).to.deep.equal([]));
    // A million messages have a minute; a check that is not linear takes far longer than this.
    expect(timeMs).to.be.below(15_000);
  });
});
