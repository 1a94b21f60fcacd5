import { expect } from "chai";
import { createConsumer, type OwnedConsumer } from "../../../src/consumer/consumer.ts";
import type { Consumer } from "../../../src/core/app.ts";
import { createContextStore } from "../../../src/core/context.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Signal } from "../../../src/core/signals.ts";
import type { KafkaPort } from "../../../src/transport/port.ts";
import { createFastClock, noteEvent, textOf, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("A consumer", () => {
  const clock = createFastClock(10);
  const Note = noteEvent("Note");
  let kafka: MemoryKafka;
  let signals: Signal[] = [];
  let consumers: Consumer[] = [];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
    signals = [];
    consumers = [];
  });

  afterEach(async () => {
    await Promise.all(consumers.map((consumer) => consumer.close()));
  });

  const refuse = async (): Promise<never> => {
    throw new KeryxError("registry_unreachable", "no answer");
  };
  const create = (transport: KafkaPort = kafka.port, own?: boolean): OwnedConsumer => {
    const consumer = createConsumer(
      {
        transport,
        registry: {
          cachedSchema: () => undefined,
          schemaById: refuse,
          schemaByGuid: refuse,
          schemaByVersion: refuse,
          lookup: refuse,
          register: refuse,
          subjectLevel: refuse,
          setSubjectLevel: refuse,
          hasSubject: refuse,
          async close() {},
        },
        observe: (signal) => signals.push(signal),
        clock,
        context: createContextStore(),
        createTopics: true,
      },
      { group: "billing", ...(own === undefined ? {} : { createTopics: own }) },
    );
    consumers.push(consumer);
    return consumer;
  };
  const codeOf = async (work: () => unknown): Promise<string> => {
    try {
      await work();
      return "none";
    } catch (error) {
      return KeryxError.from(error).code;
    }
  };

  it("consumes through the real deserializer: unframed bytes are dead-lettered as such", async () => {
    await create()
      .on(Note, () => {})
      .start();
    kafka.append("notes", 0, { value: "no frame" });
    await until("dead-lettered", () => kafka.records("notes-dlq").length === 1);
    expect(textOf(kafka.records("notes-dlq")[0], "keryx-failure-code")).to.equal("not-framed");
  });

  it("starts once, however often it is asked, and closes twice without harm", async () => {
    const consumer = create().on(Note, () => {});
    await Promise.all([consumer.start(), consumer.start()]);
    expect(signals.filter(({ kind }) => kind === "partition.assigned")).to.have.length(1);
    await Promise.all([consumer.close(), consumer.close()]);
    expect(await codeOf(() => consumer.start())).to.equal("closed");
  });

  it("refuses two handlers for one event, two for tombstones, and any after the start", async () => {
    const consumer = create()
      .on(Note, () => {})
      .onTombstone("notes", () => {});
    expect(await codeOf(() => consumer.on(Note, () => {}))).to.equal("usage");
    expect(await codeOf(() => consumer.onTombstone("notes", () => {}))).to.equal("usage");
    await consumer.start();
    expect(await codeOf(() => consumer.topic({ name: "other", events: [] }))).to.equal("usage");
  });

  it("refuses to start without handlers, and says why it is not at work until it is started again", async () => {
    const consumer = create();
    expect(await codeOf(() => consumer.start())).to.equal("usage");
    expect(consumer.snapshot().startError?.code).to.equal("usage");
    await consumer.on(Note, () => {}).start();
    expect(consumer.snapshot()).to.include({ phase: "started" }).and.not.to.have.property("startError");
  });

  for (const name of ["partitionPause", "awaitedRevoke", "commitMetadata"] as const)
    it(`refuses to start with a client that lacks ${name}, instead of doing without it`, async () => {
      const weak = { ...kafka.port, capabilities: { ...kafka.port.capabilities, [name]: false } };
      const consumer = create(weak).on(Note, () => {});
      expect(await codeOf(() => consumer.start())).to.equal("capability_missing");
    });

  it("can be started again after a start that failed, and leaves no group member behind", async () => {
    let fails = true;
    const flaky: KafkaPort = {
      ...kafka.port,
      consumer(options) {
        const real = kafka.port.consumer(options);
        return {
          ...real,
          start: async (...given) => {
            await real.start(...given);
            if (fails) throw new KeryxError("broker_unreachable", "gone");
          },
        };
      },
    };
    const consumer = create(flaky).on(Note, () => {});
    expect(await codeOf(() => consumer.start())).to.equal("broker_unreachable");
    expect(signals.some(({ kind }) => kind === "partition.revoked")).to.equal(true);
    fails = false;
    await consumer.start();
    kafka.append("notes", 0, { value: "no frame" });
    await until("consumed", () => kafka.records("notes-dlq").length === 1);
  });

  it("takes the app's word on creating topics unless it has its own", async () => {
    const make = (createTopics?: boolean): Consumer => create(kafka.port, createTopics).on(Note, () => {});
    expect(await codeOf(() => make(false).start())).to.equal("start_refused");
    expect(await codeOf(() => make().start())).to.equal("none");
  });

  it("knows events that a topic declares but nobody handles by their own plan", async () => {
    const Other = noteEvent("Other", { deadLetter: "others-dlq" });
    await create()
      .on(Note, () => {})
      .topic({ name: "notes", events: [Note, Other] })
      .start();
    expect(kafka.topics()).to.include.members(["notes-dlq", "others-dlq"]);
  });

  it("says what its client says: crashes, stalls, resets and unreadable batches", async () => {
    let tell: (event: never) => void = () => {};
    const talking: KafkaPort = {
      ...kafka.port,
      consumer(options) {
        const real = kafka.port.consumer(options);
        return {
          ...real,
          start: (topics, handle, rebalance, onEvent) => {
            tell = onEvent as typeof tell;
            return real.start(topics, handle, rebalance, onEvent);
          },
        };
      },
    };
    await create(talking)
      .on(Note, () => {})
      .start();
    const at = { topic: "notes", partition: 0 };
    for (const event of [
      { kind: "joined", memberId: "m" },
      { kind: "crash", error: new Error("x"), willRestart: true },
      { kind: "stalled", ageMs: 5 },
      { kind: "out_of_range", partition: at },
      { kind: "unreadable", at: { ...at, offset: 3n }, error: new Error("x") },
      { kind: "heartbeat" },
      { kind: "rejoining" },
      { kind: "fetch" },
    ])
      tell(event as never);
    expect(signals.map(({ kind }) => kind).slice(-7)).to.deep.equal([
      "consumer.joined",
      "consumer.crashed",
      "consumer.stalled",
      "offsets.reset",
      "partition.stopped",
      "consumer.heartbeat",
      "consumer.rebalancing",
    ]);
  });
});
