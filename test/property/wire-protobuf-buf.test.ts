import { expect } from "chai";
import { judgeProtobufWire } from "../../src/compatibility/wire-protobuf.ts";
import { breakWire } from "../support/proto-cases/buf.ts";
import {
  disagreements,
  isAgreed,
  oursOf,
  type PairView,
  viewOf,
} from "../support/proto-cases/disagreements.ts";
import { type CasePair, generatePairs, linkCase } from "../support/proto-cases/pairs.ts";

const count = 5_000;

function describePair({ name, changes }: CasePair, what: unknown): string {
  return `${name} (${changes.join("; ")}): ${JSON.stringify(what)}`;
}

describe("the wire verdict and buf's WIRE rules", () => {
  it("disagree over generated pairs only where the reference says so", function () {
    this.timeout(600_000);
    const pairs = generatePairs(count, 11);
    const complaints = breakWire(pairs);
    const unexplained: string[] = [];
    const used = new Set<string>();
    let agreed = 0;
    for (const pair of pairs) {
      const found = judgeProtobufWire(
        linkCase(pair.name, pair.older),
        linkCase(pair.name, pair.newer),
        "backward",
      );
      const view: PairView = viewOf(pair, found, complaints.get(pair.name) ?? []);
      for (const item of [...view.theirs, ...oursOf(view)]) {
        if (isAgreed(item, view)) agreed++;
        else {
          const rule = disagreements.find(({ explains }) => explains(item, view));
          if (rule === undefined) unexplained.push(describePair(pair, item));
          else used.add(rule.name);
        }
      }
    }
    expect(unexplained.slice(0, 20), `${unexplained.length} in all`).to.deep.equal([]);
    expect([...used].toSorted()).to.deep.equal(disagreements.map(({ name }) => name).toSorted());
    expect(agreed).to.be.greaterThan(count / 2);
  });
});
