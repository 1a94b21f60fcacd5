import { expect } from "chai";
import fc from "fast-check";
import { createBag } from "../../../src/core/bag.ts";

describe("A bag", () => {
  it("holds what a set would hold, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 200 }), (steps) => {
        const items = Array.from({ length: 21 }, (_, name) => ({ name, place: -1 }));
        const bag = createBag<(typeof items)[number]>();
        const set = new Set<(typeof items)[number]>();
        for (const [isAdded, index] of steps) {
          const item = items[index]!;
          if (isAdded) {
            bag.add(item);
            set.add(item);
          } else expect(bag.remove(item)).to.equal(set.delete(item));
          expect(bag.size()).to.equal(set.size);
          expect(bag.items()).to.have.members([...set]);
          for (const one of items) expect(one.place >= 0).to.equal(set.has(one));
        }
      }),
    );
  });

  it("lets members leave while it is walked, and all of them at once", () => {
    const items = [1, 2, 3].map((name) => ({ name, place: -1 }));
    const bag = createBag<(typeof items)[number]>();
    for (const item of items) bag.add(item);
    for (const item of bag.items()) bag.remove(item);
    expect(bag.size()).to.equal(0);
    for (const item of items) bag.add(item);
    bag.clear();
    expect(items.map(({ place }) => place)).to.deep.equal([-1, -1, -1]);
  });
});
