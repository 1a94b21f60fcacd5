import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { createSerializer, type Serializer } from "../../../src/serde/serializer.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { textEvent } from "./events.ts";
import { createMemoryRegistry, type MemoryRegistry } from "./memory-registry.ts";

interface Bench {
  readonly registry: MemoryRegistry;
  readonly signals: Signal[];
  readonly serializer: Serializer;
}

function setUp(autoRegister = true, registry = createMemoryRegistry()): Bench {
  const signals: Signal[] = [];
  const observe = (signal: Signal): void => {
    signals.push(signal);
  };
  return { registry, signals, serializer: createSerializer({ registry, autoRegister, observe }) };
}

async function rejection(run: Promise<unknown>): Promise<KeryxError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof KeryxError) return error;
  throw new Error(`not refused but ${error}`);
}

const kindsOf = (signals: readonly Signal[]): string[] => signals.map(({ kind }) => kind);

describe("preparing events", () => {
  it("sets the level before the first version, after looking up", async () => {
    const { registry, serializer, signals } = setUp();
    await serializer.prepare([textEvent({ name: "A" })]);
    expect(registry.calls).to.deep.equal([
      "lookup things-A",
      "subjectLevel things-A",
      "hasSubject things-A",
      "setSubjectLevel things-A BACKWARD",
      "register things-A",
    ]);
    expect(signals).to.deep.equal([{ kind: "schema.registered", subject: "things-A", id: 1, isNew: true }]);
  });

  it("registers nothing that is there already", async () => {
    const { registry, serializer, signals } = setUp();
    const event = textEvent({ name: "A" });
    registry.add(event.subject, { schema: event.wire.schema }, 7);
    registry.levels.set(event.subject, "BACKWARD");
    await serializer.prepare([event]);
    expect(registry.calls).to.deep.equal(["lookup things-A", "subjectLevel things-A"]);
    expect(signals).to.deep.equal([{ kind: "schema.registered", subject: "things-A", id: 7, isNew: false }]);
    expect(Buffer.from(serializer.serialize(event, "x")).toString("hex")).to.equal("000000000778");
  });

  it("reports a differing level and neither overwrites it nor stops", async () => {
    for (const isNew of [true, false]) {
      const { registry, serializer, signals } = setUp();
      const event = textEvent({ name: "A" });
      if (!isNew) registry.add(event.subject, { schema: event.wire.schema });
      registry.levels.set(event.subject, "NONE");
      await serializer.prepare([event]);
      expect(signals[0]).to.deep.equal({
        kind: "schema.level_differs",
        subject: "things-A",
        wanted: "BACKWARD",
        found: "NONE",
      });
      expect(registry.levels.get(event.subject)).to.equal("NONE");
    }
  });

  it("leaves the level of a subject alone that has versions and none of its own", async () => {
    const { registry, serializer, signals } = setUp();
    registry.add("things-A", { schema: '"string"' });
    await serializer.prepare([textEvent({ name: "A" })]);
    expect(registry.calls.filter((call) => call.startsWith("setSubjectLevel"))).to.deep.equal([]);
    expect(signals[0]).to.include({ kind: "schema.level_differs", found: "none" });
  });

  it("goes on when the level of a registered schema cannot be read", async () => {
    const { registry, serializer, signals } = setUp();
    const event = textEvent({ name: "A" });
    registry.add(event.subject, { schema: event.wire.schema });
    registry.faults.set("subjectLevel", new KeryxError("registry_unauthorized", "no"));
    await serializer.prepare([event]);
    expect(kindsOf(signals)).to.deep.equal(["config.warning", "schema.registered"]);
  });

  it("asks once however many ask at the same time", async () => {
    const { registry, serializer } = setUp();
    const events = [textEvent({ name: "A" }), textEvent({ name: "B" })];
    await Promise.all([
      serializer.prepare(events),
      serializer.prepare(events),
      serializer.prepare([...events]),
    ]);
    await serializer.prepare(events);
    expect(registry.calls.filter((call) => call.startsWith("register"))).to.deep.equal([
      "register things-A",
      "register things-B",
    ]);
  });

  it("tries again after a failure", async () => {
    const { registry, serializer } = setUp();
    const event = textEvent({ name: "A" });
    registry.faults.set("register", new KeryxError("registry_unreachable", "down"));
    expect((await rejection(serializer.prepare([event]))).code).to.equal("registry_unreachable");
    registry.faults.clear();
    await serializer.prepare([event]);
    expect(serializer.serialize(event, "")).to.have.length(5);
  });

  it("lets one caller give up while the others go on", async () => {
    const { registry, serializer } = setUp();
    const event = textEvent({ name: "A" });
    const controller = new AbortController();
    const given = rejection(serializer.prepare([event], controller.signal));
    const patient = serializer.prepare([event]);
    controller.abort(new Error("enough"));
    expect((await given).code).to.equal("aborted");
    await patient;
    expect(registry.calls.filter((call) => call.startsWith("register"))).to.have.length(1);
  });

  it("only looks up when registering is off, and says what to run", async () => {
    const { registry, serializer } = setUp(false);
    const event = textEvent({ name: "A" });
    const error = await rejection(serializer.prepare([event]));
    expect(error.code).to.equal("schema_not_found");
    expect(error.message).to.contain("things-A");
    expect(error.help).to.contain("keryx register");
    expect(registry.calls).to.deep.equal(["lookup things-A"]);
    registry.add(event.subject, { schema: event.wire.schema });
    await serializer.prepare([event]);
  });

  it("places references first, once, and sends them with their versions", async () => {
    const { registry, serializer } = setUp();
    const deep = { name: "deep.proto", subject: "deep.proto", schema: 'syntax = "proto3";', references: [] };
    const shared = {
      name: "shared.proto",
      subject: "shared.proto",
      schema: 'syntax = "proto3"; import "deep.proto";',
      references: [deep],
    };
    const make = (name: string): ReturnType<typeof textEvent> =>
      textEvent({
        name,
        format: "protobuf",
        index: [0],
        schema: `syntax = "proto3"; message ${name} {}`,
        references: [shared, deep],
      });
    registry.add("deep.proto", { type: "PROTOBUF", schema: 'syntax = "proto3"; // older' });
    await serializer.prepare([make("A"), make("B")]);
    expect(registry.calls.filter((call) => call.startsWith("register"))).to.deep.equal([
      "register deep.proto",
      "register shared.proto",
      "register things-A",
      "register things-B",
    ]);
    expect(registry.calls.filter((call) => /Level (deep|shared)/.test(call))).to.deep.equal([]);
    const registered = await registry.schemaById(4);
    expect(registered).to.deep.include({
      type: "PROTOBUF",
      references: [
        { name: "shared.proto", subject: "shared.proto", version: 1 },
        { name: "deep.proto", subject: "deep.proto", version: 2 },
      ],
    });
  });

  it("names the subject of a missing reference", async () => {
    const { serializer } = setUp(false);
    const reference = { name: "r", subject: "ref", schema: '"null"', references: [] };
    const error = await rejection(serializer.prepare([textEvent({ name: "A", references: [reference] })]));
    expect(error.details["subject"]).to.equal("ref");
  });
});

describe("serializing", () => {
  const proto = (text: string): ReturnType<typeof textEvent> =>
    textEvent({ name: "p.B", format: "protobuf", index: [1], schema: text });

  it("writes the message indexes of its own text", async () => {
    const { serializer } = setUp();
    const event = proto('syntax = "proto3"; package p; message A {} message B {}');
    await serializer.prepare([event]);
    expect(Buffer.from(serializer.serialize(event, "x")).toString("hex")).to.equal("0000000001020278");
  });

  it("counts them in the registry's text when that differs", async () => {
    const { registry, serializer } = setUp();
    const event = proto('syntax = "proto3"; package p; message A {} message B {}');
    const placed = registry.add(event.subject, {
      type: "PROTOBUF",
      schema: "package p; message B {} message A {}",
    });
    registry.lookup = async () => placed;
    await serializer.prepare([event]);
    expect(Buffer.from(serializer.serialize(event, "x")).toString("hex")).to.equal("00000000010078");
  });

  it("waits for a registry of several nodes to know the id that it gave out", async () => {
    const registry = createMemoryRegistry();
    const clock = createManualClock();
    const serializer = createSerializer({ registry, autoRegister: true, observe: () => undefined, clock });
    const event = proto('syntax = "proto3"; package p; message A {} message B {}');
    registry.faults.set("schemaById", new KeryxError("schema_not_found", "not yet"));
    const preparing = serializer.prepare([event]);
    await new Promise((resolve) => setImmediate(resolve));
    registry.faults.clear();
    await clock.advance(1_000);
    await preparing;
    expect(registry.calls.slice(-2)).to.deep.equal(["schemaById 1", "schemaById 1 fresh"]);
  });

  it("refuses a registry's text without the message", async () => {
    const { registry, serializer } = setUp();
    const event = proto('syntax = "proto3"; package p; message A {} message B {}');
    const placed = registry.add(event.subject, { type: "PROTOBUF", schema: "message B {}" });
    registry.lookup = async () => placed;
    expect((await rejection(serializer.prepare([event]))).code).to.equal("schema_invalid");
  });

  it("refuses an event that was never prepared", () => {
    const { serializer } = setUp();
    expect(() => serializer.serialize(textEvent({ name: "A" }), "x")).to.throw(
      KeryxError,
      "before it was prepared",
    );
  });
});
