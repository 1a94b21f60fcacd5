import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { EventType } from "../../../src/core/event.ts";
import type { RawRecord } from "../../../src/core/record.ts";
import {
  createDeserializer,
  type Decoded,
  type Deserializer,
  type DeserializerOptions,
} from "../../../src/serde/deserializer.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { recordOf, textEvent } from "./events.ts";
import { createMemoryRegistry, type MemoryRegistry } from "./memory-registry.ts";

interface Bench {
  readonly registry: MemoryRegistry;
  readonly clock: ManualClock;
  readonly deserializer: Deserializer;
}

function setUp(
  events: readonly EventType[],
  options: Partial<DeserializerOptions> = {},
  registry = createMemoryRegistry(),
): Bench {
  const clock = createManualClock();
  return { registry, clock, deserializer: createDeserializer({ registry, events, clock, ...options }) };
}

async function decode(deserializer: Deserializer, record: RawRecord): Promise<Decoded> {
  return deserializer.decode(record);
}

async function refusal(run: Promise<unknown>): Promise<KeryxError> {
  const error = await run.then(
    (value) => JSON.stringify(value),
    (thrown: unknown) => thrown,
  );
  if (error instanceof KeryxError) return error;
  throw new Error(`not refused but ${error}`);
}

/** Lets everything that waits for nothing but itself go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const avro = (schema: object): string => JSON.stringify(schema);
const record = (name: string, fields: readonly object[] = [], more: object = {}): object => ({
  type: "record",
  name,
  fields,
  ...more,
});

describe("decoding Avro records", () => {
  it("uses the event's own codec when the writer's text says the same in other words", async () => {
    const event = textEvent({ name: "a.A", schema: avro(record("a.A", [{ name: "x", type: "string" }])) });
    const { registry, deserializer } = setUp([event]);
    const schema = avro(
      record("A", [{ type: { type: "string", note: 1 }, name: "x", doc: "d", default: "" }], {
        namespace: "a",
      }),
    );
    registry.add("s", { schema }, 5);
    expect(await decode(deserializer, recordOf("00 00000005 7879"))).to.deep.equal({
      kind: "decoded",
      event,
      value: "a.A:xy",
      schemaId: 5,
    });
  });

  it("answers at once when the schema is cached or was met before", async () => {
    const event = textEvent({ name: "A" });
    const { registry, deserializer } = setUp([event]);
    registry.add("s", { schema: event.wire.schema }, 5);
    expect(deserializer.decode(recordOf("00 00000005"))).to.be.instanceOf(Promise);
    await decode(deserializer, recordOf("00 00000005"));
    expect(deserializer.decode(recordOf("00 00000005"))).to.include({ kind: "decoded" });
    expect(registry.calls).to.deep.equal(["schemaById 5"]);
    registry.add("s", { schema: event.wire.schema }, 6);
    registry.cached.add(6);
    expect(deserializer.decode(recordOf("00 00000006"))).to.include({ kind: "decoded", schemaId: 6 });
  });

  it("resolves the data of another version", async () => {
    const schema = avro(
      record("A", [
        { name: "added", type: "string", default: "none" },
        { name: "count", type: "long", aliases: ["n"] },
      ]),
    );
    const event = textEvent({ name: "A", schema });
    const { registry, deserializer } = setUp([event]);
    registry.add("s", {
      schema: avro(
        record("A", [
          { name: "gone", type: "boolean" },
          { name: "n", type: "int" },
        ]),
      ),
    });
    const decoded = await decode(deserializer, recordOf("00 00000001 01 54"));
    expect(decoded).to.deep.include({ kind: "decoded", value: { added: "none", count: 42n } });
  });

  it("finds a renamed event by the aliases of its schema", async () => {
    const event = textEvent({ name: "New", schema: avro(record("New", [], { aliases: ["Old"] })) });
    const { registry, deserializer } = setUp([event]);
    registry.add("s", { schema: avro(record("Old")) });
    expect(await decode(deserializer, recordOf("00 00000001"))).to.deep.include({ kind: "decoded", event });
  });

  it("reports a schema of no event by its name", async () => {
    const { registry, deserializer } = setUp([textEvent({ name: "A" })]);
    registry.add("s", { schema: avro(record("x.Other")) });
    registry.add("s", { schema: '"string"' });
    expect(await decode(deserializer, recordOf("00 00000001"))).to.deep.equal({
      kind: "unhandled",
      name: "x.Other",
      schemaId: 1,
    });
    expect(await decode(deserializer, recordOf("00 00000002 00"))).to.include({ name: "string" });
  });

  it("fetches what the writer's schema refers to, shared references once", async () => {
    const event = textEvent({
      name: "A",
      schema: avro(record("A", [{ name: "m", type: { type: "fixed", name: "M", size: 1 } }])),
    });
    const { registry, deserializer } = setUp([event]);
    registry.add("m", { schema: avro({ type: "fixed", name: "M", size: 1 }) });
    const m = { name: "M", subject: "m", version: 1 };
    registry.add("b", { schema: avro(record("B", [{ name: "m", type: "M" }])), references: [m] });
    const b = { name: "B", subject: "b", version: 1 };
    registry.add("a", {
      schema: avro(
        record("A", [
          { name: "b", type: "B" },
          { name: "m", type: "M" },
        ]),
      ),
      references: [b, m],
    });
    expect(await decode(deserializer, recordOf("00 00000003 aabb"))).to.deep.include({
      value: { m: Uint8Array.of(0xbb) },
    });
    expect(registry.calls).to.deep.equal(["schemaById 3", "schemaByVersion b 1", "schemaByVersion m 1"]);
  });

  it("reads its own references too", async () => {
    const money = {
      name: "M",
      subject: "m",
      schema: avro({ type: "fixed", name: "M", size: 1 }),
      references: [],
    };
    const event = textEvent({
      name: "A",
      schema: avro(record("A", [{ name: "m", type: "M" }])),
      references: [money, { ...money }],
    });
    const { registry, deserializer } = setUp([event]);
    registry.add("s", {
      schema: avro(record("A", [{ name: "m", type: { type: "fixed", name: "M", size: 1 } }])),
    });
    expect(await decode(deserializer, recordOf("00 00000001 61"))).to.deep.include({ value: "A:a" });
  });

  it("refuses references in a circle, missing ones, and too many", async () => {
    const { registry, deserializer } = setUp([textEvent({ name: "A" })]);
    registry.add("loop", { references: [{ name: "L", subject: "loop", version: 1 }] });
    registry.add("x", { references: [{ name: "M", subject: "gone", version: 1 }] });
    for (let i = 0; i < 201; i++)
      registry.add(`r${i}`, { schema: avro({ type: "fixed", name: `R${i}`, size: 1 }) });
    const references = Array.from({ length: 201 }, (_, i) => ({
      name: `R${i}`,
      subject: `r${i}`,
      version: 1,
    }));
    registry.add("many", { references }, 999);
    const reason = async (id: string): Promise<unknown> =>
      (await refusal(decode(deserializer, recordOf(`00 0000${id}`)))).details["reason"];
    expect(await reason("0001")).to.equal("incompatible");
    expect(await reason("0002")).to.equal("unknown-schema");
    expect(await reason("03e7")).to.equal("incompatible");
  });
});

describe("decoding Protobuf records", () => {
  const first = textEvent({ name: "p.A", format: "protobuf", index: [0] });
  const nested = textEvent({ name: "p.B.C", format: "protobuf", index: [1, 0] });
  const text =
    'syntax = "proto3"; package p; enum E { Z = 0; } message A {} message B { map<string, int32> m = 1; message C {} message D {} }';

  const read = async (
    hex: string,
    options: Partial<DeserializerOptions> = {},
    events = [first, nested],
    schema = text,
  ): Promise<unknown> => {
    const { registry, deserializer } = setUp(events, options);
    registry.add("s", { type: "PROTOBUF", schema });
    const decoded = await decode(deserializer, recordOf(`00 00000001 ${hex}`));
    // The second answer comes from what was kept of the first.
    expect(await decode(deserializer, recordOf(`00 00000001 ${hex}`))).to.deep.equal(decoded);
    return decoded.kind === "decoded" ? decoded.value : decoded.name;
  };
  const reasonOf = async (...args: Parameters<typeof read>): Promise<unknown> =>
    (await refusal(read(...args))).details["reason"];

  it("finds the event by the indexes in the writer's text", async () => {
    expect(await read("00 61")).to.equal("p.A:a");
    expect(await read("040200 61")).to.equal("p.B.C:a");
    expect(await read("0202")).to.equal("p.B");
    expect(await read("00 61", {}, [first], "package p; message Z {} message A {}")).to.equal("p.Z");
  });

  it("tries the count with map entries for a message nested behind a map", async () => {
    expect(await read("040202 61", {}, [nested])).to.equal("p.B.C:a");
  });

  it("refuses indexes that mean two known messages", async () => {
    const other = textEvent({ name: "p.B.D", format: "protobuf", index: [1, 1] });
    expect(await reasonOf("040202 61", {}, [nested, other])).to.equal("type-mismatch");
    expect(await read("040200 61", {}, [nested, other])).to.equal("p.B.C:a");
  });

  it("refuses indexes outside the schema", async () => {
    expect(await reasonOf("0204 61")).to.equal("type-mismatch");
    expect(await reasonOf("040008 61")).to.equal("type-mismatch");
  });

  it("reads records without indexes only when told", async () => {
    const options = { protobufWithoutIndexes: true };
    expect(await read("0a0161", options, [first])).to.equal("p.A:\n\u0001a");
    expect(await read("61", options, [nested])).to.equal("p.B.C:a");
    expect(await read("61", options, [textEvent({ name: "q.Q", format: "protobuf" })])).to.equal("p.A");
    expect(await reasonOf("61", options)).to.equal("type-mismatch");
    expect(await reasonOf("0a0161", {}, [first])).to.equal("malformed");
  });

  it("reads unsigned indexes only when told", async () => {
    expect(await read("020100 61", { unsignedIndexes: true })).to.equal("p.B.C:a");
    expect(await reasonOf("020100 61")).to.equal("malformed");
  });

  it("takes the id and the indexes from the header", async () => {
    const { registry, deserializer } = setUp([first, nested]);
    registry.add("s", { type: "PROTOBUF", schema: text });
    const header = new Uint8Array(Buffer.from("0000000001040200", "hex"));
    const decoded = await decode(deserializer, recordOf("0000", [["__value_schema_id", header]]));
    expect(decoded).to.include({ kind: "decoded", event: nested, value: "p.B.C:\0\0" });
  });
});

describe("records that cannot be decoded", () => {
  const event = textEvent({ name: "A", schema: avro(record("A", [{ name: "n", type: "int" }])) });

  it("say where they stand, in words and in details", async () => {
    const { registry, deserializer } = setUp([event]);
    registry.add("s", { schema: avro(record("A", [{ name: "n", type: "string" }])) });
    const error = await refusal(decode(deserializer, recordOf("00 00000001 00")));
    expect(error.message).to.equal(
      "[decode_failed] A at things-3@1042: the writer's string cannot be read as int",
    );
    expect(error.details).to.deep.include({
      reason: "incompatible",
      topic: "things",
      partition: 3,
      offset: 1042n,
      schemaId: 1,
      event: "A",
    });
    expect(() => deserializer.decode(recordOf("00 00000001 00"))).to.throw(KeryxError, "things-3@1042");
  });

  it("are not framed", async () => {
    const { deserializer } = setUp([event]);
    expect(() => deserializer.decode(recordOf("7b7d"))).to.throw(KeryxError, "record at things-3@1042");
  });

  it("are malformed when a codec throws anything at all", async () => {
    const broken: EventType = {
      ...event,
      codec: {
        ...event.codec,
        decode() {
          throw new RangeError("out of stack");
        },
      },
    };
    const { registry, deserializer } = setUp([broken]);
    registry.add("s", { schema: event.wire.schema });
    const error = await refusal(decode(deserializer, recordOf("00 00000001 00")));
    expect(error.details["reason"]).to.equal("malformed");
  });

  for (const [what, schema] of [
    ["a schema that is no schema", { schema: "{" }],
    ["a Protobuf text that is none", { type: "PROTOBUF", schema: "message {" }],
    ["a JSON schema", { type: "JSON", schema: "{}" }],
    [
      "a schema nested too deeply",
      { schema: `${'{"type":"array","items":'.repeat(65)}"int"${"}".repeat(65)}` },
    ],
  ] as const)
    it(`are incompatible: ${what}`, async () => {
      const { registry, deserializer } = setUp([event]);
      registry.add("s", schema);
      for (let i = 0; i < 2; i++) {
        const error = await refusal(decode(deserializer, recordOf("00 00000001 00")));
        expect(error.code).to.equal("decode_failed");
        expect(error.details["reason"]).to.equal("incompatible");
      }
      expect(registry.calls).to.deep.equal(["schemaById 1"]);
    });

  it("have an unknown schema once the registry has said so twice, a second apart", async () => {
    const { registry, clock, deserializer } = setUp([event]);
    const pending = [1, 2].map(() => refusal(decode(deserializer, recordOf("00 00000009 00"))));
    await settled();
    await clock.advance(999);
    expect(registry.calls).to.deep.equal(["schemaById 9"]);
    await clock.advance(1);
    for (const error of await Promise.all(pending))
      expect(error.details["reason"]).to.equal("unknown-schema");
    expect(registry.calls).to.deep.equal(["schemaById 9", "schemaById 9 fresh"]);
    expect(() => deserializer.decode(recordOf("00 00000009 00"))).to.throw(KeryxError, "no schema 9");
    expect(registry.calls).to.have.length(2);
  });

  it("are decoded when the second look finds the schema", async () => {
    const { registry, clock, deserializer } = setUp([event]);
    const pending = decode(deserializer, recordOf("00 00000009 61"));
    await settled();
    await clock.advance(500);
    registry.add("s", { schema: event.wire.schema }, 9);
    await clock.advance(500);
    expect(await pending).to.include({ kind: "decoded" });
  });

  for (const code of ["registry_unreachable", "registry_unauthorized"] as const)
    it(`are none of the record's fault when the registry fails with ${code}`, async () => {
      const { registry, deserializer } = setUp([event]);
      registry.faults.set("schemaById", new KeryxError(code, "no"));
      expect((await refusal(decode(deserializer, recordOf("00 00000001 00")))).code).to.equal(code);
      registry.faults.clear();
      registry.add("s", { schema: event.wire.schema });
      expect(await decode(deserializer, recordOf("00 00000001 61"))).to.include({ kind: "decoded" });
    });

  it("wait when the registry answers nonsense", async () => {
    const { registry, deserializer } = setUp([event]);
    registry.faults.set("schemaById", new KeryxError("registry_error", "a proxy's 404"));
    const error = await refusal(decode(deserializer, recordOf("00 00000001 00")));
    expect(error).to.include({ code: "registry_unreachable", retriable: true });
    expect(error.message).to.equal("[registry_unreachable] a proxy's 404");
  });

  it("are incompatible when the registry's schema is beyond the limits", async () => {
    const { registry, deserializer } = setUp([event]);
    registry.faults.set("schemaById", new KeryxError("schema_invalid", "too large"));
    const error = await refusal(decode(deserializer, recordOf("00 00000001 00")));
    expect(error.details["reason"]).to.equal("incompatible");
  });

  it("share one request for a cold schema", async () => {
    const { registry, deserializer } = setUp([event]);
    registry.add("s", { schema: event.wire.schema });
    await Promise.all(Array.from({ length: 500 }, () => decode(deserializer, recordOf("00 00000001 61"))));
    expect(registry.calls).to.deep.equal(["schemaById 1"]);
  });
});
