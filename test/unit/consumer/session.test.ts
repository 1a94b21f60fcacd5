import { expect } from "chai";
import { createSession } from "../../../src/consumer/assignment/session.ts";
import type { ConsumerEvent } from "../../../src/transport/port.ts";
import { noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("What a member knows of its session", () => {
  it("is sure until it has heard nothing for as long as the session lasts", async () => {
    const clock = createManualClock();
    const session = createSession(clock, 30_000);
    await clock.advance(60_000);
    expect(session.isSure(), "a client that tells of no heartbeats").to.equal(true);
    session.beat();
    await clock.advance(29_999);
    expect(session.isSure()).to.equal(true);
    await clock.advance(1);
    expect(session.isSure()).to.equal(false);
    session.begin();
    expect(session.isSure(), "with new partitions").to.equal(true);
  });

  it("keeps a failed record that its process may have lost while it was frozen, until the group answers", async () => {
    const clock = createManualClock();
    const kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
    let tell: (event: ConsumerEvent) => void = () => {};
    const port: typeof kafka.port = {
      ...kafka.port,
      consumer(options) {
        const own = kafka.port.consumer(options);
        return {
          ...own,
          start(topics, handle, rebalance, onEvent) {
            if (onEvent && options.group === "billing") tell = onEvent;
            return own.start(topics, handle, rebalance, onEvent);
          },
        };
      },
    };
    let fail: (error: Error) => void = () => {};
    const handled = new Promise<never>((_, reject) => {
      fail = reject;
    });
    let calls = 0;
    const harness = await startHarness({
      kafka: { ...kafka, port },
      clock,
      options: { createTopics: true, sessionTimeoutMs: 30_000 },
      on: [
        [
          noteEvent("Written"),
          () => {
            calls++;
            return handled;
          },
        ],
      ],
    });
    try {
      tell({ kind: "heartbeat" });
      kafka.append("notes", 0, { key: "a", value: "Written|a" });
      await until("it is handled", () => calls === 1);
      // Frozen for longer than the session, and the handler fails before anything is heard.
      await clock.advance(30_001);
      fail(new Error("too late"));
      await until("it is held", () => harness.outcomes().includes("held"));
      expect(kafka.records("notes-dlq")).to.have.length(0);
      tell({ kind: "heartbeat" });
      await clock.advance(1_000);
      await until("it is handed over", () => kafka.records("notes-dlq").length === 1);
      expect(calls, "the handler is not run again").to.equal(1);
    } finally {
      await harness.close();
    }
  });
});
