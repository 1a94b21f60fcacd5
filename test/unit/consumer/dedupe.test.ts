import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { createRandom } from "../../../src/core/random.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { DedupeStore } from "../../../src/stores/port.ts";
import { consumerBench } from "../../support/consumer-bench.ts";
import { header, noteEvent, until } from "../../support/consumer-harness.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("The lease on a message id", () => {
  const bench = consumerBench({ event: noteEvent("Note"), speed: 400 });
  const { clock } = bench;

  it("is taken on the declared id before the header's, and on the coordinates without either", async () => {
    const seen: string[] = [];
    await bench.begin({
      options: { createTopics: true },
      on: [
        [
          noteEvent("Note", { withId: true }),
          (event, { messageId }) => void seen.push(`${messageId}|${event.text}`),
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Note|e-1:x", headers: [header("message-id", "m-1")] });
    bench.kafka.append("notes", 0, { value: "Note|e-1:y", headers: [header("message-id", "m-2")] });
    bench.kafka.append("notes", 0, { value: "Note|:empty", headers: [header("ce_id", "c-1")] });
    bench.kafka.append("notes", 0, { value: "Note|:none" });
    await until("all settled", () => bench.harness.outcomes().length === 4);
    expect(seen.toSorted()).to.deep.equal(["c-1|:empty", "e-1|e-1:x", "notes/0/3|:none"].toSorted());
  });

  it("of a process that died makes its repeat wait until it ends, and not a second longer", async () => {
    const manual = createManualClock();
    const store = createMemoryStore(manual);
    const seen: string[] = [];
    await store.claim("billing:note:m-1", "the dead", 60_000);
    await bench.begin({
      clock: manual,
      store,
      options: { createTopics: true },
      on: [[noteEvent("Note"), ({ text }) => void seen.push(text)]],
    });
    bench.kafka.append("notes", 0, { key: "k", value: "Note|a", headers: [header("message-id", "m-1")] });
    bench.kafka.append("notes", 0, { key: "k", value: "Note|b", headers: [header("message-id", "m-2")] });
    await until("held", () => bench.harness.outcomes().includes("held"));
    for (let second = 0; second < 59; second++) await manual.advance(1_000);
    expect(seen).to.deep.equal([]);
    await manual.advance(2_000);
    await until("handled in order", () => seen.length === 2);
    expect(seen).to.deep.equal(["a", "b"]);
  });

  it("that ended before it could be read is free: of a hundred thousand such races none drops its record", async function () {
    this.timeout(60_000);
    const store = createMemoryStore(clock, { maxEntries: 400_000 });
    const count = 100_000;
    let races = 0;
    let effects = 0;
    const random = createRandom(7);
    // A store that finds an entry and reads it in two steps: what it found may have ended between them, twice in a row, too.
    const claim: DedupeStore["claim"] = (key, owner, leaseMs) => {
      const isRace = random() < 0.5;
      if (isRace) races++;
      if (!isRace) return store.claim(key, owner, leaseMs);
      const ended = { busyUntil: clock.now() - Math.floor(random() * 2) };
      return random() < 0.9 ? ended : Promise.resolve(ended);
    };
    await bench.begin({
      isQuiet: true,
      store: { ...store, claim },
      options: { createTopics: true, concurrency: 256, order: "none" },
      on: [[noteEvent("Note"), () => void effects++]],
    });
    for (let sent = 0; sent < count; sent++) bench.kafka.append("notes", 0, { value: `Note|${sent}` });
    await until(
      "all committed",
      () => bench.kafka.committed("billing", "notes", 0) === BigInt(count),
      50_000,
    );
    expect(effects).to.equal(count);
    expect(races).to.be.greaterThan(count / 2);
    expect(bench.harness.outcomes().includes("deduped")).to.equal(false);
  });

  it("that ended before it could be read is asked for once more at once, without holding its lane", async () => {
    const store = createMemoryStore(clock);
    let asked = 0;
    await bench.begin({
      store: {
        ...store,
        claim: (...claim) => (asked++ === 0 ? { busyUntil: clock.now() } : store.claim(...claim)),
      },
      options: { createTopics: true },
      on: [[noteEvent("Note"), () => {}]],
    });
    bench.kafka.append("notes", 0, { value: "Note|a" });
    await until("committed", () => bench.kafka.committed("billing", "notes", 0) === 1n);
    expect([bench.harness.outcomes(), asked]).to.deep.equal([["processed"], 2]);
  });

  it("is given back once a failed record has been handed over, and not before", async () => {
    const store = createMemoryStore(clock);
    const said: string[] = [];
    let isDown = true;
    bench.kafka.faults.send = () => {
      said.push(isDown ? "refused" : "sent");
      return isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined;
    };
    await bench.begin({
      store: {
        ...store,
        release(...asked) {
          said.push("given back");
          return store.release(...asked);
        },
      },
      options: { createTopics: true },
      on: [
        [
          noteEvent("Note"),
          () => {
            throw new Error("no");
          },
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m-1")] });
    await until("refused twice", () => said.length > 1);
    expect(new Set(said)).to.deep.equal(new Set(["refused"]));
    expect(store.claim("billing:note:m-1", "other", 1)).to.be.an("object");
    isDown = false;
    await until("given back", () => said.includes("given back"));
    expect(said.slice(-2)).to.deep.equal(["sent", "given back"]);
    expect(store.claim("billing:note:m-1", "other", 1)).to.equal("won");
  });

  for (const isAsync of [false, true])
    it(`that cannot be given back costs its own time, not the record${isAsync ? ", also where that shows later" : ""}`, async () => {
      const store = createMemoryStore(clock);
      const fail = (): never => {
        if (isAsync) return Promise.reject(new Error("the store is down")) as never;
        throw new Error("the store is down");
      };
      await bench.begin({
        store: { ...store, release: fail },
        options: { createTopics: true },
        on: [
          [
            noteEvent("Note"),
            () => {
              throw new Error("no");
            },
          ],
        ],
      });
      bench.kafka.append("notes", 0, { value: "Note|a" });
      await until("committed", () => bench.kafka.committed("billing", "notes", 0) === 1n);
      expect(bench.kafka.records("notes-dlq")).to.have.length(1);
      const defects = bench.harness.signals.flatMap((one) =>
        one.kind === "internal.error" ? [one.isPassing] : [],
      );
      expect(defects).to.deep.equal([true]);
    });

  it("is known by group, event and id, whatever characters they hold", async () => {
    const store = createMemoryStore(clock);
    const keys: string[] = [];
    await bench.begin({
      store: {
        ...store,
        claim(key, ...asked) {
          keys.push(key);
          return store.claim(key, ...asked);
        },
      },
      options: { group: "a:b%", createTopics: true },
      on: [[{ ...noteEvent("Note", { withId: true }), type: "note:x" }, () => {}]],
    });
    for (const id of ["a/b%", "é", "", "\ud800"])
      bench.kafka.append("notes", 0, {
        key: id,
        value: `Note|${id}:`,
        headers: [header("message-id", "h:1")],
      });
    await until("all settled", () => bench.harness.outcomes().length === 4);
    expect(keys).to.have.members([
      "a%3Ab%25:note%3Ax:a%2Fb%25",
      "a%3Ab%25:note%3Ax:%C3%A9",
      "a%3Ab%25:note%3Ax:h%3A1",
      "a%3Ab%25:note%3Ax:%EF%BF%BD",
    ]);
  });

  for (const verb of ["claim", "done"] as const)
    for (const isAsync of [false, true])
      it(`is done without where that is chosen and ${verb} fails${isAsync ? " later" : ""}, and each such record is told`, async () => {
        const store = createMemoryStore(clock);
        const fail = (): never => {
          const error = new Error("the store is down");
          if (isAsync) return Promise.reject(error) as never;
          throw error;
        };
        const seen: string[] = [];
        await bench.begin({
          store: { ...store, [verb]: fail },
          options: { createTopics: true, onStoreDown: "process" },
          on: [[noteEvent("Note"), ({ text }) => void seen.push(text)]],
        });
        for (const text of ["a", "b"]) bench.kafka.append("notes", 0, { key: "k", value: `Note|${text}` });
        await until("committed", () => bench.kafka.committed("billing", "notes", 0) === 2n);
        expect(seen).to.deep.equal(["a", "b"]);
        const bypassed = bench.harness.signals.flatMap((one) =>
          one.kind === "dedupe.bypassed" ? [one.record] : [],
        );
        expect(bypassed.map(({ offset, event }) => [offset, event])).to.deep.equal([
          [0n, "note"],
          [1n, "note"],
        ]);
      });

  for (const verb of ["claim", "done"] as const)
    it(`stops the partition where that is chosen and ${verb} fails, moves no offset, and begins again with a new owner`, async () => {
      const store = createMemoryStore(clock);
      let isDown = true;
      const seen: string[] = [];
      await bench.begin({
        store: {
          ...store,
          [verb](...asked: [string, string, number]) {
            if (isDown) throw new Error("the store is down");
            return store[verb](...asked);
          },
        },
        options: { createTopics: true, onStoreDown: "fail" },
        on: [[noteEvent("Note"), ({ text }) => void seen.push(text)]],
      });
      bench.kafka.append("notes", 0, { key: "k", value: "Note|a" });
      bench.kafka.append("notes", 0, { key: "k", value: "Note|b" });
      await until("stopped", () => bench.harness.signals.some(({ kind }) => kind === "partition.stopped"));
      expect(seen).to.deep.equal(verb === "claim" ? [] : ["a"]);
      expect(bench.kafka.committed("billing", "notes", 0)).to.equal(undefined);
      isDown = false;
      await bench.kafka.rebalance("billing");
      await until("committed", () => bench.kafka.committed("billing", "notes", 0) === 2n);
      expect(bench.kafka.records("notes-dlq")).to.have.length(0);
    });
});
