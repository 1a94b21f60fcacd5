import { expect } from "chai";
import fc from "fast-check";
import * as generated from "../../generated/index.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { EventType } from "../../src/core/event.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import { createResolver } from "../../src/serde/avro-resolve.ts";
import { createDeserializer, type Decoded } from "../../src/serde/deserializer.ts";
import { createSerializer } from "../../src/serde/serializer.ts";
import { generateSchema, generateValue } from "../support/avro-cases.ts";
import { importCodec, printTypes, writeFiles } from "../support/generated-code.ts";
import { recordOf } from "../unit/serde/events.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../unit/serde/memory-registry.ts";

const isEvent = (value: unknown): value is EventType =>
  typeof value === "object" && value !== null && "codec" in value && "fingerprint" in value;
const everything: readonly unknown[] = Object.values(generated);
const events: readonly EventType[] = everything.filter(isEvent);

/** A value of an event: any for Avro, the empty message for Protobuf. */
function sampleOf(g: fc.GeneratorValue, event: EventType): unknown {
  return event.format === "avro"
    ? generateValue(g, parseAvro(event.wire.schema).type).ours
    : event.codec.create({});
}

async function prepared(registry: MemoryRegistry = createMemoryRegistry()): Promise<{
  registry: MemoryRegistry;
  serialize: (event: EventType, value: unknown) => Uint8Array;
}> {
  const serializer = createSerializer({ registry, autoRegister: true, observe: () => undefined });
  await serializer.prepare(events);
  return { registry, serialize: serializer.serialize };
}

describe("serializing and deserializing the sample events", () => {
  it("gives back every value", async () => {
    expect(events.length).to.be.greaterThan(10);
    const { registry, serialize } = await prepared();
    const { decode } = createDeserializer({ registry, events });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...events), fc.gen(), async (event, g) => {
        const value = sampleOf(g, event);
        const decoded = await decode(recordOf(serialize(event, value)));
        expect(decoded).to.deep.include({ kind: "decoded", event, value });
      }),
      { numRuns: 300 },
    );
  }).timeout(600_000);

  it("reads what an older version of the schema wrote", async () => {
    const { registry } = await prepared();
    const event = events.find(({ name }) => name === "payments.v1.PaymentCaptured");
    if (event === undefined) throw new Error("the sample is gone");
    const older = JSON.parse(event.wire.schema);
    // What the older version did not have is what has a default today.
    older.fields = older.fields.filter((field: object) => !("default" in field));
    const { id } = registry.add(event.subject, { schema: JSON.stringify(older) });
    const { type } = parseAvro(JSON.stringify(older));
    const { decode } = createDeserializer({ registry, events });
    const { folder, remove } = writeFiles(await printTypes(parseAvro(JSON.stringify(older)).named.values()));
    try {
      if (type.kind !== "record") throw new Error("not a record");
      const codec = await importCodec(folder, type, type.simpleName);
      await fc.assert(
        fc.asyncProperty(fc.gen(), async (g) => {
          const { ours } = generateValue(g, type);
          const frame = Buffer.concat([Buffer.of(0, 0, 0, 0, id), codec.encode(ours)]);
          const decoded = await decode(recordOf(new Uint8Array(frame)));
          // The generated code completes the same value by the same defaults.
          expect(decoded).to.deep.include({ kind: "decoded", value: event.codec.create(ours) });
        }),
        { numRuns: 100 },
      );
    } finally {
      remove();
    }
  }).timeout(600_000);

  it("answers every edited frame with a value, an unknown event or a reason", async () => {
    const { registry, serialize } = await prepared();
    for (let id = 1; id <= events.length; id++) registry.cached.add(id);
    const { decode } = createDeserializer({ registry, events });
    const edit = fc.tuple(
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom("flip", "cut", "add", "id"),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...events),
        fc.gen(),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (event, g, edits) => {
          let bytes = [...serialize(event, sampleOf(g, event))];
          for (const [seed, byte, kind] of edits) {
            const at = seed % (bytes.length + 1);
            if (kind === "flip" && at < bytes.length) bytes[at] = byte;
            else if (kind === "cut") bytes = bytes.slice(0, at);
            else if (kind === "add") bytes.splice(at, 0, byte, byte);
            else if (bytes.length > 4) bytes[4] = 1 + (byte % events.length);
          }
          // A frame with a GUID, and an id that is not cached, would be questions to the registry.
          if (bytes[0] === 1) bytes[0] = 2;
          if (bytes.length >= 5) bytes.splice(1, 3, 0, 0, 0);
          if (bytes.length >= 5) bytes[4] = 1 + ((bytes[4] ?? 0) % events.length);
          try {
            const decoded = decode(recordOf(Uint8Array.from(bytes))) as Decoded;
            expect(decoded.kind).to.be.oneOf(["decoded", "unhandled"]);
          } catch (error) {
            if (!(error instanceof KeryxError)) throw error;
            expect(error.code).to.equal("decode_failed");
            expect(error.details["reason"]).to.be.a("string");
          }
        },
      ),
      { numRuns: 5_000 },
    );
  }).timeout(600_000);
});

describe("the interpreter beside generated code", () => {
  it("reads every value of every schema alike", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const { type, named } = parseAvro(JSON.stringify(generateSchema(g)));
        if (type.kind !== "record") throw new Error("not a record");
        const { folder, remove } = writeFiles(await printTypes(named.values()));
        try {
          const codec = await importCodec(folder, type, type.simpleName);
          const read = createResolver(type, type);
          for (let count = 0; count < 5; count++) {
            const bytes = codec.encode(generateValue(g, type).ours);
            expect(read(bytes)).to.deep.equal(codec.decode(bytes));
          }
        } finally {
          remove();
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }).timeout(600_000);
});
