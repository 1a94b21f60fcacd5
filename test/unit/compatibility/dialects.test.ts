import { expect } from "chai";
import { dialectNames, findDialect, knownDialects } from "../../../src/compatibility/dialects.ts";

describe("the dialects of registry releases", () => {
  const ruleSets: readonly [ruleSet: string, ...releases: string[]][] = [
    ["A", "7.0.0"],
    ["B", "7.0.1", "7.0.13", "7.1.0", "7.1.11", "7.2.0", "7.2.9", "7.3.0", "7.3.7"],
    ["B", "7.4.0", "7.4.4", "7.5.0", "7.5.3", "7.6.0"],
    ["C", "7.0.14", "7.1.12", "7.2.10", "7.3.8", "7.4.5", "7.5.4", "7.6.1", "7.6.4", "7.7.0", "7.7.4"],
    ["C", "7.8.0", "7.9.0", "7.9.2", "8.0.0", "8.0.4", "8.1.0", "8.2.0", "8.3.0", "8.3.1"],
    ["D", "head"],
  ];
  for (const [ruleSet, ...releases] of ruleSets)
    for (const release of releases)
      it(`give ${release} rule set ${ruleSet}`, () => {
        const dialect = findDialect(`confluent-${release}`);
        expect(dialect).to.include({ name: `confluent-${release}`, release, ruleSet });
      });

  const shortened: readonly [name: string, release: string, ruleSet: string][] = [
    ["confluent-8", "8.3.1", "C"],
    ["confluent-7", "7.9.0", "C"],
    ["confluent-7.0", "7.0.14", "C"],
    ["confluent-7.4", "7.4.5", "C"],
    ["confluent-7.6", "7.6.1", "C"],
    ["confluent-8.0", "8.0.4", "C"],
    ["confluent-8.3", "8.3.1", "C"],
  ];
  for (const [name, release, ruleSet] of shortened)
    it(`take ${name} for ${release}, the newest of its line`, () => {
      expect(findDialect(name)).to.include({ name, release, ruleSet });
    });

  it("know kinds of required fields from 7.0.2", () => {
    const hasKinds = ["7.0.0", "7.0.1", "7.0.2", "7.1.0", "8.3.1", "head"].map(
      (release) => findDialect(`confluent-${release}`)?.hasRequiredKinds,
    );
    expect(hasKinds).to.deep.equal([false, false, true, true, true, true]);
  });

  it("answer a refusal with 40901 from 8.0.4, 8.1.2 and 8.2.0, and with 409 before", () => {
    const withCode = (code: number): string[] =>
      ["7.0.0", "7.9.0", "8.0.0", "8.0.3", "8.0.4", "8.1.1", "8.1.2", "8.2.0", "8.3.1", "head"].filter(
        (release) => findDialect(`confluent-${release}`)?.refusalCode === code,
      );
    expect(withCode(409)).to.deep.equal(["7.0.0", "7.9.0", "8.0.0", "8.0.3", "8.1.1"]);
    expect(withCode(40901)).to.deep.equal(["8.0.4", "8.1.2", "8.2.0", "8.3.1", "head"]);
  });

  for (const name of [
    ...["", "confluent", "confluent-", "head", "8.3.1", "Confluent-8", "confluent-8 ", "confluent-HEAD"],
    ...[
      "confluent-6",
      "confluent-6.2",
      "confluent-6.2.15",
      "confluent-9",
      "confluent-8.4",
      "confluent-8.3.2",
    ],
    ...["confluent-7.10", "confluent-7.10.0", "confluent-07", "confluent-7.4.05", "confluent-7.4.1.1"],
    ...[
      "confluent-7.4.9999",
      "confluent-7.100",
      "confluent-8.100",
      "confluent-77",
      "karapace-3",
      "__proto__",
    ],
  ])
    it(`do not know ${JSON.stringify(name)}`, () => {
      expect(findDialect(name)).to.equal(undefined);
    });

  it("know every name that they suggest, and say what they know", () => {
    for (const name of dialectNames) expect(findDialect(name), name).to.include({ name });
    for (const [name] of knownDialects.matchAll(/confluent-[\w.]*\w/g))
      expect(findDialect(name), name).to.include({ name });
  });
});
