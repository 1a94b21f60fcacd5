import { expect } from "chai";
import { OrderPlaced } from "../../generated/index.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { EventType } from "../../src/core/event.ts";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import { createDeserializer } from "../../src/serde/deserializer.ts";
import { type RawRegistry, rawRegistry } from "../support/embedded-registry.ts";
import { samples } from "../support/samples.ts";
import { recordOf } from "../unit/serde/events.ts";

const types = { avro: "AVRO", protobuf: "PROTOBUF" } as const;
const typeOf = ({ format, wire }: EventType): object => ({ schemaType: types[format], schema: wire.schema });

/** Magic byte 1 and the sixteen bytes of the GUID. */
const prefixOf = (guid: string): Buffer =>
  Buffer.concat([Buffer.of(1), Buffer.from(guid.replaceAll("-", ""), "hex")]);

describe("Records that name their schema by GUID", () => {
  const servers: DevRegistry[] = [];
  const clients: SchemaRegistry[] = [];
  const start = async (dialect = "confluent-8"): Promise<RawRegistry> => {
    const server = await createDevRegistry({ dialect, log: () => {} });
    servers.push(server);
    return rawRegistry(server);
  };
  const open = ({ server }: RawRegistry, events: readonly EventType[]) => {
    const registry = createHttpRegistry({ url: server.url }, () => {});
    clients.push(registry);
    return createDeserializer({ registry, events });
  };
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  for (const { event, init } of samples)
    for (const place of ["header", "value"] as const)
      it(`are read with the GUID in the ${place}: ${event.name}`, async () => {
        const raw = await start();
        const { guid } = await raw.register(event.subject, typeOf(event));
        const value = event.codec.create(init);
        const payload = event.codec.encode(value, 0);
        const indexes = event.format === "protobuf" ? [0] : [];
        const frame = Buffer.concat([prefixOf(guid), Buffer.from(indexes)]);
        const deserializer = open(raw, [event]);
        const record =
          place === "header"
            ? { ...recordOf(payload), headers: [["__value_schema_id", frame]] as const }
            : recordOf(Buffer.concat([frame, payload]));
        expect(await deserializer.decode(record)).to.deep.include({
          kind: "decoded",
          event,
          value,
          schemaId: guid,
        });
        // The second one needs no request: what a GUID stands for never changes.
        expect(deserializer.decode(record)).to.not.be.instanceOf(Promise);
      });

  it("are the record's failure when nobody registered the GUID, and when the registry knows none", async () => {
    for (const dialect of ["confluent-8", "confluent-7.6"]) {
      const raw = await start(dialect);
      const { decode } = open(raw, [OrderPlaced as unknown as EventType]);
      const record = recordOf(prefixOf("095d71cf-1255-6b9d-5e33-0ad575b3df5d"));
      const error = await Promise.resolve(decode(record)).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(KeryxError);
      expect((error as KeryxError).details["reason"], dialect).to.equal("unknown-schema");
    }
  });

  it("hold the partition while the registry is away", async () => {
    const raw = await start();
    await raw.server.close();
    const registry = createHttpRegistry({ url: raw.server.url, retries: 0 }, () => {});
    clients.push(registry);
    const { decode } = createDeserializer({ registry, events: [OrderPlaced as unknown as EventType] });
    const record = recordOf(prefixOf("095d71cf-1255-6b9d-5e33-0ad575b3df5d"));
    const error = await Promise.resolve(decode(record)).catch((thrown: unknown) => thrown);
    expect((error as KeryxError).code).to.equal("registry_unreachable");
  });
});

describe("A schema that is kept as a descriptor", () => {
  it("names the message of a record as its text would", async () => {
    const server = await createDevRegistry({ log: () => {} });
    const raw = rawRegistry(server);
    const event = OrderPlaced as unknown as EventType;
    const { id } = await raw.register(event.subject, typeOf(event));
    const serialized = await raw.get(`/schemas/ids/${id}?format=serialized`);
    const { schema } = serialized.body as { schema: string };
    const registry = createHttpRegistry({ url: server.url }, () => {});
    const { decode } = createDeserializer({
      registry: {
        ...registry,
        cachedSchema: () => ({ id, type: "PROTOBUF", schema, references: [] }),
      },
      events: [event],
    });
    const value = event.codec.create({ eventId: "e-1", orderId: "o-1" });
    const record = recordOf(Buffer.concat([Buffer.from([0, 0, 0, 0, id, 0]), event.codec.encode(value, 0)]));
    expect(await decode(record)).to.deep.include({ kind: "decoded", event, value });
    await registry.close();
    await server.close();
  });
});
