import { expect } from "chai";
import type { DedupeStore } from "../../../src/stores/port.ts";

export interface StoreUnderTest {
  readonly store: DedupeStore;
  /** Lets time pass for the store. */
  pass(ms: number): Promise<void>;
}

/** What every dedupe store has to do. Each store's own test calls it once. */
export function describeDedupeStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`The dedupe contract of ${name}`, () => {
    let store: DedupeStore;
    let pass: StoreUnderTest["pass"];

    beforeEach(async () => {
      ({ store, pass } = await create());
    });

    afterEach(() => store.close());

    const busyUntil = async (key: string, owner: string): Promise<number> => {
      const result = await store.claim(key, owner, 1_000);
      if (typeof result !== "object") throw new Error(`Not busy, but ${result}`);
      return result.busyUntil;
    };

    it("lets the first claim win and tells the others until when the key is busy, the same owner included", async () => {
      expect(await store.claim("k", "a", 1_000)).to.equal("won");
      const until = await busyUntil("k", "b");
      expect(await busyUntil("k", "a")).to.equal(until);
    });

    it("keeps keys apart", async () => {
      expect(await store.claim("k", "a", 1_000)).to.equal("won");
      expect(await store.claim("k:", "a", 1_000)).to.equal("won");
      expect(await store.claim("__proto__", "a", 1_000)).to.equal("won");
      expect(await store.claim("__proto__", "b", 1_000)).to.be.an("object");
    });

    it("remembers what is done for its time, and forgets it afterwards", async () => {
      await store.claim("k", "a", 1_000);
      expect(await store.done("k", "a", 10_000)).to.equal(true);
      await pass(5_000);
      expect(await store.claim("k", "b", 1_000)).to.equal("done");
      await pass(6_000);
      expect(await store.claim("k", "b", 1_000)).to.equal("won");
    });

    it("frees a released key at once", async () => {
      await store.claim("k", "a", 60_000);
      expect(await store.release("k", "a")).to.equal(true);
      expect(await store.claim("k", "b", 1_000)).to.equal("won");
    });

    it("counts an expired lease as absent, whoever held it", async () => {
      await store.claim("k", "a", 1_000);
      await pass(1_100);
      expect(await store.claim("k", "b", 1_000)).to.equal("won");
      expect(await store.done("k", "a", 10_000)).to.equal(false);
      expect(await busyUntil("k", "c")).to.be.a("number");
    });

    it("prolongs a lease for its owner, as often as asked", async () => {
      await store.claim("k", "a", 1_000);
      for (let i = 0; i < 3; i++) {
        await pass(800);
        expect(await store.renew("k", "a", 1_000)).to.equal(true);
      }
      expect(await store.claim("k", "b", 1_000)).to.be.an("object");
    });

    it("changes nothing for a foreign owner, nor for a key that nobody holds", async () => {
      await store.claim("k", "a", 1_000);
      expect(await store.renew("k", "b", 60_000)).to.equal(false);
      expect(await store.done("k", "b", 60_000)).to.equal(false);
      expect(await store.release("k", "b")).to.equal(false);
      expect(await store.claim("k", "c", 1_000)).to.be.an("object");
      expect(await store.renew("free", "a", 1_000)).to.equal(false);
      expect(await store.done("free", "a", 1_000)).to.equal(false);
      expect(await store.release("free", "a")).to.equal(false);
    });

    it("does not release what is done", async () => {
      await store.claim("k", "a", 1_000);
      await store.done("k", "a", 10_000);
      expect(await store.release("k", "a")).to.equal(false);
      expect(await store.claim("k", "b", 1_000)).to.equal("done");
    });

    it("lets one of many claims at once win", async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) => store.claim("k", `owner-${index}`, 1_000)),
      );
      expect(results.filter((result) => result === "won")).to.have.length(1);
    });
  });
}
