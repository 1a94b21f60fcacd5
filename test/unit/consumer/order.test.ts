// What a reader sees of order: every cell of the table in docs/guides/consuming.md, and what stands below it.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { replay } from "../../../src/consumer/replay/replay.ts";
import type { ConsumerOptions, OrderMode } from "../../../src/core/app.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import { createSerializer } from "../../../src/serde/serializer.ts";
import type { Harness, NoteEventOptions } from "../../support/consumer-harness.ts";
import { noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import { createManualClock, type ManualClock, settle } from "../../support/manual-clock.ts";
import { createMemoryKafka, type MemoryKafka } from "../../support/memory-kafka.ts";
import { unreachableRegistry } from "./replay/registry.ts";

type Plan =
  | "nothing fails"
  | "retry topics"
  | "again here, then stop"
  | "again here, then dead letter"
  | "again here, then discard";

/** As the guide prints it. */
const cells: Readonly<Record<Plan, Readonly<Record<OrderMode, string>>>> = {
  "nothing fails": {
    key: "each key in order; keys go on beside each other",
    partition: "the partition in order, one record at a time",
    none: "no order",
  },
  "retry topics": {
    key: "each key in order, but what stands behind a failed record overtakes it",
    partition: "the partition in order, but what stands behind a failed record overtakes it",
    none: "no order",
  },
  "again here, then stop": {
    key: "each key in order, failures included; a record that nothing helps stops its partition",
    partition: "the partition in order, failures included; a record that nothing helps stops it",
    none: "no order; a record that nothing helps stops its partition",
  },
  "again here, then dead letter": {
    key: "each key in order, failures included; behind a dead letter its key goes on without it",
    partition: "the partition in order, failures included; behind a dead letter it goes on without it",
    none: "no order",
  },
  "again here, then discard": {
    key: "each key in order, failures included; behind a dropped record its key goes on without it",
    partition: "the partition in order, failures included; behind a dropped record it goes on without it",
    none: "no order",
  },
};
const plans = Object.keys(cells) as Plan[];
const modes: readonly OrderMode[] = ["key", "partition", "none"];

const here = { tries: 2, baseMs: 1_000, maxMs: 1_000, jitter: "none" } as const;
const setups: Readonly<Record<Plan, { readonly event: NoteEventOptions; readonly options: object }>> = {
  "nothing fails": { event: {}, options: {} },
  "retry topics": { event: { delaysMs: [1_000] }, options: {} },
  "again here, then stop": { event: {}, options: { here, exhausted: "stop" } },
  "again here, then dead letter": { event: {}, options: { here, exhausted: "deadLetter" } },
  "again here, then discard": { event: {}, options: { here, exhausted: "discard" } },
};

/** Who finishes while `a1` is under way or waits for its next try, of `a1 b1 a2 b2`. */
const beside: Readonly<Record<OrderMode, string>> = { key: "b1 b2", partition: "", none: "b1 a2 b2" };

describe("Order", () => {
  let clock: ManualClock;
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let begun: string[] = [];
  let done: string[] = [];
  const gates: (() => void)[] = [];
  /** What becomes of a record's pass; a record that is not listed is done at once. */
  let ways: Map<string, (delivery: Delivery) => unknown>;

  beforeEach(() => {
    clock = createManualClock();
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 2);
    begun = [];
    done = [];
    ways = new Map();
  });

  // Also where a test failed and left records waiting.
  afterEach(async () => {
    for (const open of gates.splice(0)) open();
    const closed = harness?.close();
    await clock.advance(60_000);
    await closed;
    harness = undefined;
  });

  const start = async (event: NoteEventOptions, options: Partial<ConsumerOptions>): Promise<void> => {
    const Note = noteEvent("Note", event);
    const handle = async ({ text }: { text: string }, delivery: Delivery): Promise<void> => {
      begun.push(text);
      await ways.get(text)?.(delivery);
      done.push(text);
    };
    harness = await startHarness({
      kafka,
      clock,
      on: [[Note, handle]],
      options: { createTopics: true, ...options },
    });
  };
  const send = (...texts: readonly string[]): void => {
    for (const text of texts) kafka.append("notes", 0, { key: text.slice(0, 1), value: `Note|${text}` });
  };
  /** Long enough for whatever would start to have started: nothing here waits for real time. */
  const rest = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await settle();
  };
  const expectDone = async (texts: string): Promise<void> => {
    const wanted = texts === "" ? [] : texts.split(" ");
    await until(`done: ${texts}`, () => done.length >= wanted.length);
    await rest();
    expect(done.join(" ")).to.equal(texts);
  };
  const gate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    gates.push(open);
    return { opened, open };
  };
  const fail = (): never => {
    throw new Error("broken");
  };
  const outcomesOf = (outcome: string): number =>
    harness?.outcomes().filter((one) => one === outcome).length ?? 0;

  /** While `a1` runs. */
  const nothingFails = async (mode: OrderMode): Promise<void> => {
    const { opened, open } = gate();
    ways.set("a1", () => opened);
    send("a1", "b1", "a2", "b2");
    await expectDone(beside[mode]);
    open();
    await expectDone({ key: "b1 b2 a1 a2", partition: "a1 b1 a2 b2", none: "b1 a2 b2 a1" }[mode]);
  };

  const retryTopics = async (mode: OrderMode): Promise<void> => {
    const { opened, open } = gate();
    ways.set("a1", async ({ stage }) => {
      if (stage !== "main") return;
      await opened;
      fail();
    });
    send("a1", "b1", "a2", "b2");
    await expectDone(beside[mode]);
    open();
    const overtaken = { key: "b1 b2 a2", partition: "b1 a2 b2", none: "b1 a2 b2" }[mode];
    await expectDone(overtaken);
    await until("handed over", () => kafka.records("notes-retry-1").length === 1);
    await clock.advance(1_000);
    await expectDone(`${overtaken} a1`);
  };

  /** A first failure that the second try mends. */
  const againHere = async (mode: OrderMode): Promise<void> => {
    ways.set("a1", ({ attempt }) => attempt === 1 && fail());
    send("a1", "b1", "a2", "b2");
    await expectDone(beside[mode]);
    await clock.advance(1_000);
    await expectDone({ key: "b1 b2 a1 a2", partition: "a1 b1 a2 b2", none: "b1 a2 b2 a1" }[mode]);
  };

  /** A record that the second try does not mend, `a2` of the same key and `b1` of another behind it. */
  const exhaust = async (mode: OrderMode): Promise<void> => {
    done = [];
    begun = [];
    ways.set("a1", fail);
    send("a1", "a2", "b1");
    const before = { key: "b1", partition: "", none: "a2 b1" }[mode];
    await until("first failure", () => begun[0] === "a1");
    await expectDone(before);
    await clock.advance(1_000);
    await until("second failure", () => begun.filter((text) => text === "a1").length === 2);
  };

  const stopped = async (mode: OrderMode): Promise<void> => {
    await exhaust(mode);
    await until("stopped", () => outcomesOf("stopped") === 1);
    const finished = done.join(" ");
    send("a3", "b2", "c1");
    await rest();
    await clock.advance(60_000);
    expect(done.join(" "), "nothing starts behind a stop").to.equal(finished);
    expect(kafka.committed("billing", "notes", 0)).to.equal(4n);
  };

  const goneOn = async (mode: OrderMode, outcome: "dead_lettered" | "discarded"): Promise<void> => {
    let atA2 = -1;
    ways.set("a2", () => {
      atA2 = outcome === "discarded" ? outcomesOf(outcome) : kafka.records("notes-dlq").length;
    });
    await exhaust(mode);
    await until(outcome, () => outcomesOf(outcome) === 1);
    await expectDone({ key: "b1 a2", partition: "a2 b1", none: "a2 b1" }[mode]);
    expect(atA2, "given up before its successor ran").to.equal(mode === "none" ? 0 : 1);
  };

  const shows: Readonly<Record<Plan, (mode: OrderMode) => Promise<void>>> = {
    "nothing fails": nothingFails,
    "retry topics": retryTopics,
    "again here, then stop": async (mode) => {
      await againHere(mode);
      await stopped(mode);
    },
    "again here, then dead letter": async (mode) => {
      await againHere(mode);
      await goneOn(mode, "dead_lettered");
    },
    "again here, then discard": async (mode) => {
      await againHere(mode);
      await goneOn(mode, "discarded");
    },
  };

  for (const plan of plans)
    for (const mode of modes)
      it(`${plan} × ${mode}: ${cells[plan][mode]}`, async () => {
        const { event, options } = setups[plan];
        await start(event, { ...options, order: mode });
        await shows[plan](mode);
      });

  it("is printed in the guide as it is tested here", () => {
    const guide = readFileSync(new URL("../../../docs/guides/consuming.md", import.meta.url), "utf8");
    const [, section = ""] = guide.split("\n## Order\n");
    const table =
      section
        .split("\n## ")[0]
        ?.split("\n")
        .filter((line) => line.startsWith("|")) ?? [];
    const printed = table.slice(2).map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    const tested = plans.map((plan) => [plan, ...modes.map((mode) => cells[plan][mode])]);
    expect(printed.slice(0, tested.length)).to.deep.equal(tested);
  });

  for (const [mode, finished, all] of [
    ["key", "x2", "x2 x1"],
    ["partition", "", "x1 x2"],
  ] as const)
    it(`is ${mode === "key" ? "none" : "the partition's"} for records without a key where the mode is ${mode}`, async () => {
      const { opened, open } = gate();
      ways.set("x1", () => opened);
      await start({}, { order: mode });
      for (const text of ["x1", "x2"]) kafka.append("notes", 1, { key: null, value: `Note|${text}` });
      await expectDone(finished);
      open();
      await expectDone(all);
    });

  it("is none between a topic's partitions: a key that moves when partitions are added begins anew there", async () => {
    const { opened, open } = gate();
    ways.set("k1", () => opened);
    await start({}, { order: "partition" });
    kafka.append("notes", 0, { key: "k", value: "Note|k1" });
    kafka.append("notes", 1, { key: "k", value: "Note|k2" });
    await expectDone("k2");
    open();
    await expectDone("k2 k1");
  });

  it("puts a replayed record behind what was handled meanwhile", async () => {
    let isMended = false;
    ways.set("a1", () => !isMended && fail());
    await start({ delaysMs: [1_000] }, {});
    send("a1", "a2");
    await until("handed over", () => kafka.records("notes-retry-1").length === 1);
    await clock.advance(1_000);
    await until("dead", () => kafka.records("notes-dlq").length === 1);
    isMended = true;
    const registry = { registry: unreachableRegistry, observe: () => {} };
    const serializer = createSerializer({ ...registry, autoRegister: false });
    const app = { naming: "topic", createTopics: false, events: [] } as const;
    const deps = {
      ...app,
      transport: kafka.port,
      registry: unreachableRegistry,
      serializer,
      observe: () => {},
      clock,
    };
    await replay(deps, { topic: "notes", group: "billing", dryRun: false });
    await expectDone("a2 a1");
  });

  it("holds inside a retry topic for records of one key that wait equally long, and not between stages", async () => {
    ways.set("a1", ({ stage }) => stage !== "retry-2" && fail());
    for (const text of ["a2", "a3"]) ways.set(text, ({ stage }) => stage === "main" && fail());
    await start({ delaysMs: [1_000, 1_000] }, {});
    send("a1", "a2", "a3");
    await until("handed over", () => kafka.records("notes-retry-1").length === 3);
    await clock.advance(1_000);
    await expectDone("a2 a3");
    await until("handed on", () => kafka.records("notes-retry-2").length === 1);
    await clock.advance(1_000);
    await expectDone("a2 a3 a1");
  });
});
