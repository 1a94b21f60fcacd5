import { expect } from "chai";
import { baselineOfLock } from "../../../../codegen/check/baseline.ts";
import type { LockedVersion } from "../../../../codegen/model/lock.ts";
import { contractOf, versionOf } from "../../../support/locks.ts";

const historyOf = (...versions: readonly LockedVersion[]): readonly (readonly [unknown, string])[] => {
  const lock = { events: new Map([["e", { released: contractOf("s-value"), versions }]]) };
  const history = baselineOfLock(lock).histories.get("s-value") ?? [];
  return history.map(({ name, schema }) => [name, schema]);
};

describe("The released versions of a lock file", () => {
  it("stand as the registry counted them, whatever a merge has made of their order", () => {
    const version = (number: number): LockedVersion => ({ ...versionOf(`v${number}`), version: number });
    expect(historyOf(version(1), version(4), version(3))).to.deep.equal([
      [1, "v1"],
      [3, "v3"],
      [4, "v4"],
    ]);
  });

  it("that no registry has counted yet are newer than those they were released behind", () => {
    const counted = { ...versionOf("a"), version: 5 };
    expect(historyOf(counted, versionOf("b"), versionOf("c"))).to.deep.equal([
      [5, "a"],
      [6, "b"],
      [7, "c"],
    ]);
  });

  it("are counted anew under another subject", () => {
    expect(historyOf({ ...versionOf("a"), subject: "former-value" }, versionOf("b"))).to.deep.equal([
      [1, "b"],
    ]);
  });
});
