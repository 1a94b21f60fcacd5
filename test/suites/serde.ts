import { expect } from "chai";
import * as generated from "../../generated/index.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { EventType } from "../../src/core/event.ts";
import type { Signal } from "../../src/core/signals.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import { createDeserializer } from "../../src/serde/deserializer.ts";
import { createSerializer } from "../../src/serde/serializer.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { uniqueName } from "../support/servers.ts";
import { recordOf, textEvent } from "../unit/serde/events.ts";

const observe = (): void => undefined;
const isEvent = (value: unknown): value is EventType =>
  typeof value === "object" && value !== null && "codec" in value && "fingerprint" in value;
const everything: readonly unknown[] = Object.values(generated);
// Subjects of their own: a shared registry may hold the samples already.
const samples = everything
  .filter(isEvent)
  .map((event) => ({ ...event, subject: uniqueName(event.subject) }) satisfies EventType);

/** What holds on any Kafka and registry. */
export function describeSerde(requireServers: GetServers): void {
  describe("Serializing against a real registry", () => {
    let url = "";
    const open: SchemaRegistry[] = [];
    const connect = (): SchemaRegistry => {
      const registry = createHttpRegistry({ url }, observe);
      open.push(registry);
      return registry;
    };
    before(async function () {
      url = (await requireServers(this)).registryUrl;
    });
    after(() => Promise.all(open.map((registry) => registry.close())));

    it("registers every sample event once; a second start finds each of them, level and id", async () => {
      const signals: Signal[] = [];
      for (const isNew of [true, false]) {
        signals.length = 0;
        const serializer = createSerializer({
          registry: connect(),
          autoRegister: isNew,
          observe: (signal) => signals.push(signal),
        });
        await serializer.prepare(samples);
        expect(signals.map((one) => ("isNew" in one ? one.isNew : one))).to.deep.equal(
          samples.map(() => isNew),
        );
      }
    }).timeout(60_000);

    it("gives a cold reader, which sees only the registry's text, every Protobuf value", async () => {
      const serializer = createSerializer({ registry: connect(), autoRegister: true, observe });
      await serializer.prepare(samples);
      const { decode } = createDeserializer({ registry: connect(), events: samples });
      for (const event of samples.filter(({ format }) => format === "protobuf")) {
        const value = event.codec.create({});
        const decoded = await decode(recordOf(serializer.serialize(event, value)));
        expect(decoded).to.deep.include({ kind: "decoded", event, value });
      }
    }).timeout(60_000);

    it("counts message indexes as the registry's text has them", async () => {
      const schema =
        'syntax = "proto3"; package t; enum First { FIRST_UNSPECIFIED = 0; } message A { map<string, B> m = 1; message In {} } message B { option deprecated = true; message C { oneof x { string y = 1; } } }';
      const event = textEvent({
        name: "t.B.C",
        format: "protobuf",
        index: [1, 0],
        schema,
        subject: uniqueName("nested"),
      });
      const serializer = createSerializer({ registry: connect(), autoRegister: true, observe });
      await serializer.prepare([event]);
      const { decode } = createDeserializer({ registry: connect(), events: [event] });
      expect(await decode(recordOf(serializer.serialize(event, "x")))).to.deep.include({
        event,
        value: "t.B.C:x",
      });
    }).timeout(60_000);

    it("reads what a newer and an older version wrote", async () => {
      const fields = (...names: string[]): string =>
        JSON.stringify({
          type: "record",
          name: "t.Grown",
          fields: names.map((name) => ({ name, type: ["null", "string"], default: null })),
        });
      const subject = uniqueName("grown");
      const reader = textEvent({ name: "t.Grown", schema: fields("a", "b"), subject });
      const { decode } = createDeserializer({ registry: connect(), events: [reader] });
      for (const [schema, payload, value] of [
        [fields("a"), "02 02 61", { a: "a", b: null }],
        [fields("a", "b", "c"), "02 02 61 00 02 02 63", { a: "a", b: null }],
      ] as const) {
        const writer = textEvent({ name: "t.Grown", schema, subject });
        const serializer = createSerializer({ registry: connect(), autoRegister: true, observe });
        await serializer.prepare([writer]);
        const bytes = Buffer.from(payload.replaceAll(" ", ""), "hex").toString("latin1");
        const frame = Buffer.concat([
          serializer.serialize(writer, "").subarray(0, 5),
          Buffer.from(bytes, "latin1"),
        ]);
        expect(await decode(recordOf(new Uint8Array(frame)))).to.deep.include({ kind: "decoded", value });
      }
    }).timeout(60_000);

    it("names an id that the registry does not know", async () => {
      const { decode } = createDeserializer({ registry: connect(), events: samples });
      const error = await Promise.resolve(decode(recordOf("00 7ffffff0 00"))).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(KeryxError);
      expect((error as KeryxError).details["reason"]).to.equal("unknown-schema");
    }).timeout(60_000);
  });
}
