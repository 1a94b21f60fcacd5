// What fails where no dead letter is chosen: in place as long as that can help, then the partition stops.
import { expect } from "chai";
import type { FailureClass } from "../../../src/consumer/steps/classify.ts";
import { decodeError, KeryxError } from "../../../src/core/errors.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import type { Harness, NoteEventOptions } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import { createMemoryKafka, type MemoryKafka } from "../../support/memory-kafka.ts";

interface Failing {
  readonly expected: FailureClass;
  readonly value?: string | null;
  readonly decode?: () => unknown;
  readonly handle?: (delivery: Delivery) => unknown;
}

const fail = (error: unknown) => () => {
  throw error;
};

const permanent: Readonly<Record<string, Failing>> = {
  "bytes that are no event": { expected: "bad-bytes", value: "garbage" },
  "a schema that nobody knows": {
    expected: "unknown-schema",
    decode: () => decodeError("unknown-schema", "x"),
  },
  "a schema that cannot be followed": {
    expected: "incompatible-schema",
    decode: () => decodeError("incompatible", "x"),
  },
  "a broken rule of the contract": {
    expected: "invalid",
    decode: () => new KeryxError("encode_failed", "x"),
  },
  "an event without handler": { expected: "unhandled-event", value: "Other|x" },
  "a tombstone without handler": { expected: "unhandled-event", value: null },
  "an error of ours that no retry heals": {
    expected: "non-retriable",
    handle: fail(new KeryxError("missing_key", "x")),
  },
  "an error that the user calls hopeless": { expected: "non-retriable", handle: fail(new TypeError("x")) },
  "a handler's wish for a dead letter": {
    expected: "non-retriable",
    handle: (delivery) => delivery.deadLetter("no"),
  },
};

const passing: Readonly<Record<string, Failing>> = {
  "a handler that throws": { expected: "transient", handle: fail(new Error("x")) },
  "a handler's wish for another try": {
    expected: "transient",
    handle: (delivery) => delivery.retry({ delayMs: 1 }),
  },
  "a handler that gives up at its deadline": {
    expected: "timeout",
    handle: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  },
};

const places: Readonly<Record<string, NoteEventOptions>> = {
  "order is declared": { ordered: true },
  "dead letters are switched off": { deadLetter: "" },
};

describe("Where no dead letter is chosen", () => {
  const clock = createFastClock(400);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let passes = 0;

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 2);
    passes = 0;
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const stop = async ({ value = "Note|broken", decode, handle }: Failing, event: NoteEventOptions) => {
    const running = await startHarness({
      kafka,
      clock,
      options: { handlerTimeoutMs: 4_000, nonRetriable: (error) => error instanceof TypeError },
      on: [
        [
          noteEvent("Note", event),
          ({ text }, delivery) => {
            if (text !== "broken") return;
            passes++;
            return handle?.(delivery as Delivery) as never;
          },
        ],
      ],
    });
    harness = running;
    if (decode) running.registry.faults.set("broken", decode);
    for (const partition of [0, 1]) kafka.append("notes", partition, { key: "a", value: "Note|first" });
    kafka.append("notes", 0, { key: "k", value });
    kafka.append("notes", 0, { key: "k", value: "Note|behind" });
    await until("stopped", () => running.signals.some(({ kind }) => kind === "partition.stopped"));
    await until("what came before is committed", () => kafka.committed("billing", "notes", 0) === 1n);
    await until("the other partition goes on", () => kafka.committed("billing", "notes", 1) === 1n);
    expect(kafka.topics()).to.deep.equal(["notes"]);
    expect(kafka.paused("billing")).to.deep.equal(["notes/0"]);
    return running.signals.flatMap((signal) =>
      signal.kind === "partition.stopped" ? [[signal.offset, signal.failureClass]] : [],
    );
  };

  for (const [where, event] of Object.entries(places)) {
    for (const [what, failing] of Object.entries(permanent))
      it(`and ${where}, ${what} stops its partition at once, and loses nothing`, async () => {
        expect(await stop(failing, event)).to.deep.equal([[1n, failing.expected]]);
        expect(passes).to.equal(failing.handle ? 1 : 0);
      });

    for (const [what, failing] of Object.entries(passing))
      it(`and ${where}, ${what} is tried eight times in its place, and then stops its partition`, async () => {
        expect(await stop(failing, event)).to.deep.equal([[1n, failing.expected]]);
        expect(passes).to.equal(8);
      });
  }
});
