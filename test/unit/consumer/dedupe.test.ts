import { expect } from "chai";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { Harness } from "../../support/consumer-harness.ts";
import { createFastClock, header, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("The lease on a message id", () => {
  const clock = createFastClock(400);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  it("is renewed while its handler runs, however long that takes", async () => {
    const store = createMemoryStore(clock);
    const renewals: boolean[] = [];
    let finish = (): void => {};
    harness = await startHarness({
      kafka,
      clock,
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
    kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m:1")] });
    await until("renewed over more than two leases", () => renewals.length >= 7);
    expect(store.claim("billing:note:m%3A1", "other", 1)).to.be.an("object");
    finish();
    await until("done", () => harness?.outcomes().includes("processed") ?? false);
    expect(renewals.every(Boolean)).to.equal(true);
    expect(store.claim("billing:note:m%3A1", "other", 1)).to.equal("done");
  });

  it("aborts the handler when it is lost, and the record waits for what becomes of it", async () => {
    const store = createMemoryStore(clock);
    let isLost = false;
    let runs = 0;
    harness = await startHarness({
      kafka,
      clock,
      store: { ...store, renew: () => !isLost },
      options: { createTopics: true, handlerTimeoutMs: 86_000_000 },
      on: [
        [
          noteEvent("Note"),
          (_, { signal }) =>
            new Promise<void>((resolve, reject) => {
              if (++runs > 1) return resolve();
              signal.addEventListener("abort", () => reject(signal.reason));
              isLost = true;
            }),
        ],
      ],
    });
    kafka.append("notes", 0, { value: "Note|a", headers: [header("message-id", "m-1")] });
    await until("done", () => harness?.outcomes().includes("processed") ?? false);
    expect(runs).to.equal(2);
    expect(harness.outcomes()).to.include("held");
    expect(kafka.records("notes-dlq")).to.have.length(0);
  });

  it("is taken on the declared id before the header's, and on the coordinates without either", async () => {
    const seen: string[] = [];
    harness = await startHarness({
      kafka,
      clock,
      options: { createTopics: true },
      on: [
        [
          noteEvent("Note", { withId: true }),
          (event, { messageId }) => void seen.push(`${messageId}|${event.text}`),
        ],
      ],
    });
    kafka.append("notes", 0, { value: "Note|e-1:x", headers: [header("message-id", "m-1")] });
    kafka.append("notes", 0, { value: "Note|e-1:y", headers: [header("message-id", "m-2")] });
    kafka.append("notes", 0, { value: "Note|:empty", headers: [header("ce_id", "c-1")] });
    kafka.append("notes", 0, { value: "Note|:none" });
    await until("all settled", () => harness?.outcomes().length === 4);
    expect(seen.toSorted()).to.deep.equal(["c-1|:empty", "e-1|e-1:x", "notes/0/3|:none"].toSorted());
  });
});
