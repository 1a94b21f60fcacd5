import { expect } from "chai";
import { buildDescriptors } from "../../support/proto-descriptors.ts";
import { compare, multiset } from "../../support/proto-differences.ts";
import { schemaChanges } from "../../support/registry-changes.ts";

const changes = schemaChanges.filter(({ type }) => type === "PROTOBUF");

/** All files of one side go through buf together, so each needs a package of its own. */
function texts(side: "older" | "newer"): Map<string, string> {
  return new Map(
    changes.map((change, index) => [
      `f${index}.proto`,
      change[side].replace(/package (\w+);/, (_, name: string) => `package ${name}${index};`),
    ]),
  );
}

describe("a descriptor that buf made of a file", () => {
  const written = { older: texts("older"), newer: texts("newer") };
  let built: { readonly older: Map<string, string>; readonly newer: Map<string, string> };
  before(function () {
    this.timeout(60_000);
    built = { older: buildDescriptors(written.older), newer: buildDescriptors(written.newer) };
  });

  for (const [index, { name }] of changes.entries())
    it(`differs from another as the texts do: ${name}`, () => {
      const of = (files: ReadonlyMap<string, string>): string => files.get(`f${index}.proto`) ?? "";
      for (const dialect of ["confluent-8", "confluent-head"]) {
        const differences = (
          older: ReadonlyMap<string, string>,
          newer: ReadonlyMap<string, string>,
        ): string[] =>
          multiset(
            compare({ text: of(older), isComplete: true }, { text: of(newer), isComplete: true }, dialect),
          );
        const expected = differences(written.older, written.newer);
        expect(differences(built.older, built.newer)).to.deep.equal(expected);
        expect(differences(written.older, built.newer)).to.deep.equal(expected);
        expect(differences(built.older, written.newer)).to.deep.equal(expected);
        expect(differences(written.older, built.older)).to.deep.equal([]);
      }
    });
});
