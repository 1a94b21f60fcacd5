import { expect } from "chai";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { describeDedupeStore } from "./dedupe-contract.ts";

describeDedupeStore("the memory store", async () => {
  const clock = createManualClock();
  return { store: createMemoryStore(clock), pass: (ms) => clock.advance(ms) };
});

describe("The memory store", () => {
  it("stays within its bound, forgets the oldest first, and never forgets a claim", async () => {
    const store = createMemoryStore(createManualClock(), { maxEntries: 1_000 });
    await store.claim("held", "a", 60_000);
    for (let i = 0; i < 10_000; i++) {
      await store.claim(`k${i}`, "a", 1_000);
      await store.done(`k${i}`, "a", 60_000);
      expect(store.size()).to.be.at.most(1_000);
    }
    expect(await store.claim("held", "b", 1_000)).to.be.an("object");
    expect(await store.claim("k9999", "b", 1_000)).to.equal("done");
    expect(await store.claim("k9600", "b", 1_000)).to.equal("done");
    expect(await store.claim("k0", "b", 1_000)).to.equal("won");
  });

  it("remembers a key that was claimed long before it was done as long as any other", async () => {
    const store = createMemoryStore(createManualClock(), { maxEntries: 1_000 });
    const fill = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) {
        await store.claim(`k${i}`, "a", 1_000);
        await store.done(`k${i}`, "a", 60_000);
      }
    };
    await store.claim("slow", "a", 60_000);
    await fill(0, 700);
    expect(await store.renew("slow", "a", 60_000)).to.equal(true);
    await store.done("slow", "a", 60_000);
    await fill(700, 1_100);
    expect(await store.claim("slow", "b", 1_000)).to.equal("done");
    expect(store.size()).to.be.at.most(1_000);
  });

  it("stays fast when nearly all it holds is claimed", async () => {
    const store = createMemoryStore(createManualClock(), { maxEntries: 2_000 });
    const startedAt = performance.now();
    for (let i = 0; i < 40_000; i++) await store.claim(`k${i}`, "a", 60_000);
    expect(performance.now() - startedAt).to.be.below(5_000);
    expect(store.size()).to.equal(40_000);
  });

  it("keeps a hundred thousand keys by default", async () => {
    const store = createMemoryStore(createManualClock());
    for (let i = 0; i < 120_000; i++) {
      await store.claim(`k${i}`, "a", 1_000);
      await store.done(`k${i}`, "a", 60_000);
    }
    expect(store.size()).to.be.within(50_000, 100_000);
  });

  it("forgets everything when it is closed", async () => {
    const store = createMemoryStore(createManualClock());
    await store.claim("k", "a", 1_000);
    await store.close();
    expect(store.size()).to.equal(0);
  });
});
