import { expect } from "chai";
import { createLru } from "../../../src/serde/lru.ts";

describe("a bounded memory", () => {
  it("loses what was not asked for longest", () => {
    const lru = createLru<number, string>(3);
    for (const key of [1, 2, 3]) lru.set(key, `v${key}`);
    expect(lru.get(1)).to.equal("v1");
    lru.set(4, "v4");
    expect([1, 2, 3, 4].map((key) => lru.get(key))).to.deep.equal(["v1", undefined, "v3", "v4"]);
  });

  it("replaces a value without losing another", () => {
    const lru = createLru<number, string>(2);
    lru.set(1, "a");
    lru.set(2, "b");
    lru.set(1, "c");
    expect([lru.get(1), lru.get(2)]).to.deep.equal(["c", "b"]);
  });

  it("stays within its bound under a flood", () => {
    const lru = createLru<number, number>(100);
    for (let i = 0; i < 10_000; i++) lru.set(i, i);
    expect(
      Array.from({ length: 10_000 }, (_, i) => lru.get(i)).filter((one) => one !== undefined),
    ).to.have.length(100);
  });
});
