import { expect } from "chai";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import { consumerBench } from "../../support/consumer-bench.ts";
import { header, noteEvent, until } from "../../support/consumer-harness.ts";

describe("The lease on a message id", () => {
  const bench = consumerBench({ event: noteEvent("Note"), speed: 400 });
  const { clock } = bench;

  it("is renewed while its handler runs, however long that takes", async () => {
    const store = createMemoryStore(clock);
    const renewals: boolean[] = [];
    let finish = (): void => {};
    await bench.begin({
      store: {
        ...store,
        renew(...asked) {
          const result = store.renew(...asked) as boolean;
          renewals.push(result);
          return result;
        },
      },
      options: { createTopics: true, handlerTimeoutMs: 86_000_000 },
      on: [
        [
          noteEvent("Note"),
          () =>
            new Promise<void>((resolve) => {
              finish = resolve;
            }),
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m:1")] });
    await until("renewed over more than two leases", () => renewals.length >= 7);
    expect(store.claim("billing:note:m%3A1", "other", 1)).to.be.an("object");
    finish();
    await until("done", () => bench.harness.outcomes().includes("processed"));
    expect(renewals.every(Boolean)).to.equal(true);
    expect(store.claim("billing:note:m%3A1", "other", 1)).to.equal("done");
  });

  it("aborts the handler when it is lost, and the record waits for what becomes of it", async () => {
    const store = createMemoryStore(clock);
    let isLost = false;
    let runs = 0;
    await bench.begin({
      store: { ...store, renew: () => !isLost },
      options: { createTopics: true, handlerTimeoutMs: 86_000_000 },
      on: [
        [
          noteEvent("Note"),
          (_, { signal }) => {
            if (++runs > 1) return;
            isLost = true;
            return untilCalledOff(signal);
          },
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m-1")] });
    await until("done", () => bench.harness.outcomes().includes("processed"));
    expect(runs).to.equal(2);
    expect(bench.harness.outcomes()).to.include("held");
    expect(bench.kafka.records("notes-dlq")).to.have.length(0);
  });

  it("is renewed while its record waits for its next try, too", async () => {
    const store = createMemoryStore(clock);
    let runs = 0;
    let renewals = 0;
    await bench.begin({
      store: {
        ...store,
        renew(...asked) {
          renewals++;
          return store.renew(...asked);
        },
      },
      options: { here: { tries: 2, baseMs: 200_000, maxMs: 200_000, jitter: "none" } },
      on: [
        [
          noteEvent("Note", { ordered: true }),
          () => {
            if (++runs === 1) throw new Error("not yet");
          },
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m-1")] });
    await until("renewed over more than two leases", () => renewals >= 7);
    expect(runs).to.equal(1);
    expect(store.claim("billing:note:m-1", "other", 1)).to.be.an("object");
    await until("done", () => bench.harness.outcomes().includes("processed"));
    expect(bench.harness.outcomes()).to.deep.equal(["retried", "processed"]);
  });

  for (const onStoreDown of ["pause", "process"] as const)
    it(`that cannot be renewed until it has ended ${onStoreDown === "pause" ? "calls its handler off" : "leaves its handler alone where the store may be down"}`, async () => {
      const store = createMemoryStore(clock);
      let isDown = false;
      let failures = 0;
      let runs = 0;
      await bench.begin({
        store: {
          ...store,
          renew(...asked) {
            if (!isDown) return store.renew(...asked);
            failures++;
            throw new Error("the store is down");
          },
        },
        options: { createTopics: true, handlerTimeoutMs: 86_000_000, onStoreDown },
        on: [
          [
            noteEvent("Note"),
            (_, { signal }) =>
              new Promise<void>((resolve, reject) => {
                if (++runs > 1) return resolve();
                isDown = true;
                const poll = setInterval(() => {
                  if (failures < 20) return;
                  clearInterval(poll);
                  resolve();
                }, 2);
                signal.addEventListener("abort", () => {
                  clearInterval(poll);
                  isDown = false;
                  reject(signal.reason);
                });
              }),
          ],
        ],
      });
      bench.kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m-1")] });
      await until("done", () => bench.harness.outcomes().includes("processed"));
      expect(runs).to.equal(onStoreDown === "pause" ? 2 : 1);
      expect(bench.harness.outcomes().includes("held")).to.equal(onStoreDown === "pause");
      expect(bench.kafka.records("notes-dlq")).to.have.length(0);
    });

  it("whose renewal is never answered calls its handler off when it has ended", async () => {
    const store = createMemoryStore(clock);
    let runs = 0;
    await bench.begin({
      store: { ...store, renew: () => new Promise<boolean>(() => {}) },
      options: { createTopics: true, handlerTimeoutMs: 86_000_000 },
      on: [[noteEvent("Note"), (_, { signal }) => (++runs > 1 ? undefined : untilCalledOff(signal))]],
    });
    bench.kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m-1")] });
    await until("it ran again", () => bench.harness.outcomes().includes("processed"));
    expect(runs).to.equal(2);
  });

  it("changes nothing of the next owner's when its handler ends behind its loss, well or badly", async () => {
    const store = createMemoryStore(clock);
    const late: { readonly verb: string; readonly result: unknown }[] = [];
    let isLost = false;
    let ends = 0;
    const watch = (verb: "done" | "release", owner: string, result: unknown): never => {
      if (owner !== "next owner") late.push({ verb, result });
      return result as never;
    };
    await bench.begin({
      store: {
        ...store,
        renew: (key, ...asked) => !isLost && store.renew(key, ...asked),
        done: (key, owner, ttlMs) => watch("done", owner, store.done(key, owner, ttlMs)),
        release: (key, owner) => watch("release", owner, store.release(key, owner)),
      },
      options: { createTopics: true, handlerTimeoutMs: 86_000_000 },
      on: [
        [
          noteEvent("Note"),
          ({ text }, { signal, messageId }) =>
            new Promise<void>((resolve, reject) => {
              if (ends === 2) return resolve();
              signal.addEventListener("abort", async () => {
                const key = `billing:note:${messageId}`;
                for (;;)
                  if ((await store.claim(key, "next owner", 600_000)) === "won") break;
                  else await new Promise((wait) => setTimeout(wait, 5));
                ends++;
                if (text === "well") resolve();
                else reject(new Error("too late"));
              });
              isLost = true;
            }),
        ],
      ],
    });
    for (const text of ["well", "badly"])
      bench.kafka.append("notes", 0, {
        key: text,
        value: `Note|${text}`,
        headers: [header("message-id", text)],
      });
    await until("both ended", () => ends === 2);
    await until("settled", () => bench.harness.outcomes().length >= 2);
    expect(bench.harness.outcomes().slice(0, 2).toSorted()).to.deep.equal(["held", "processed"]);
    for (const id of ["well", "badly"]) {
      expect(store.claim(`billing:note:${id}`, "third", 1)).to.be.an("object");
      expect(store.release(`billing:note:${id}`, "next owner")).to.equal(true);
    }
    expect(late.filter(({ result }) => result === true)).to.deep.equal([]);
  });
});

/** A handler that ends only when it is told to, and then badly. */
function untilCalledOff(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
