import { expect } from "chai";
import type { FailureClass } from "../../../src/consumer/steps/classify.ts";
import { decodeError, KeryxError } from "../../../src/core/errors.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, textOf, until } from "../../support/consumer-harness.ts";
import { createMemoryKafka, type MemoryKafka } from "../../support/memory-kafka.ts";

/** What fails, where, and under which class it is a dead letter after one attempt. */
const hopeless: readonly (readonly [
  string,
  FailureClass,
  { decode?: () => unknown; handle?: () => unknown },
])[] = [
  ["bytes that are not framed", "bad-bytes", { decode: () => decodeError("not-framed", "x") }],
  ["bytes that end early", "bad-bytes", { decode: () => decodeError("malformed", "x") }],
  ["text that is none", "bad-bytes", { decode: () => decodeError("invalid-text", "x") }],
  [
    "a schema id that nobody gave out",
    "unknown-schema",
    { decode: () => decodeError("unknown-schema", "x") },
  ],
  [
    "a writer that the reader cannot follow",
    "incompatible-schema",
    { decode: () => decodeError("incompatible", "x") },
  ],
  [
    "a value that breaks a rule of its contract",
    "invalid",
    { decode: () => new KeryxError("encode_failed", "x") },
  ],
  [
    "a handler that says it is hopeless",
    "non-retriable",
    { handle: () => new KeryxError("missing_key", "x") },
  ],
];
const passing: readonly KeryxError[] = [
  "registry_unreachable",
  "registry_unauthorized",
  "registry_error",
].map((code) => new KeryxError(code as "registry_error", "x"));

describe("A failure's class", () => {
  const clock = createFastClock(50);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 2);
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const start = async (handler: (event: Note, delivery: Delivery<Note>) => unknown): Promise<Harness> => {
    const Written = noteEvent("Written", { delaysMs: [1_000] });
    const options = { createTopics: true };
    harness = await startHarness({ kafka, clock, on: [[Written, handler as never]], options });
    return harness;
  };

  for (const [what, expected, { decode, handle }] of hopeless)
    it(`is ${expected} for ${what}: a dead letter at the first attempt, its neighbour untouched`, async () => {
      const seen: string[] = [];
      const running = await start(({ text }) => {
        seen.push(text);
        if (handle && text === "broken") throw handle();
      });
      if (decode) running.registry.faults.set("broken", decode);
      kafka.append("notes", 0, { key: "k", value: "Written|broken" });
      kafka.append("notes", 0, { key: "k", value: "Written|fine" });
      await until("both are through", () => kafka.committed("billing", "notes", 0) === 2n);
      const [letter, ...more] = kafka.records("notes-dlq");
      expect([textOf(letter, "keryx-failure-class"), textOf(letter, "keryx-attempt-count")]).to.deep.equal([
        expected,
        "1",
      ]);
      expect(Buffer.from(letter?.value ?? []).toString()).to.equal("Written|broken");
      expect([more.length, kafka.records("notes-retry-1").length]).to.deep.equal([0, 0]);
      expect(seen).to.deep.equal(decode ? ["fine"] : ["broken", "fine"]);
    });

  for (const error of passing)
    it(`is none where the registry cannot be asked (${error.code}): nothing is dead, it waits, and goes on`, async () => {
      const seen: string[] = [];
      const running = await start(({ text }) => void seen.push(text));
      running.registry.faults.set("x", () => error);
      kafka.append("notes", 0, { key: "k", value: "Written|x" });
      kafka.append("notes", 1, { key: "k", value: "Written|other" });
      const causes = (kind: string): string[] =>
        running.signals.flatMap((signal) =>
          signal.kind === kind && "cause" in signal ? [String(signal.cause)] : [],
        );
      await until("it waits", () => causes("partition.paused").includes("registry"));
      await until("the other partition goes on", () => seen.includes("other"));
      running.registry.faults.clear();
      await until("it goes on", () => kafka.committed("billing", "notes", 0) === 1n);
      expect(causes("partition.resumed")).to.include("registry");
      expect([seen.toSorted(), kafka.records("notes-dlq").length]).to.deep.equal([["other", "x"], 0]);
      expect(running.outcomes()).not.to.include("retried");
    });
});
