// @confluentinc/schemaregistry, as it is: its serializers and deserializers against the registry at REGISTRY_URL.
import { createRequire } from "node:module";
import { join } from "node:path";

// Not named `require`: what stands outside this repository is none of its imports.
const load = createRequire(join(process.env.MODULES ?? "", "peer.js"));
const cjs = load("@confluentinc/schemaregistry");
const protobuf = load("@bufbuild/protobuf");
const {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Type: T,
  FieldDescriptorProto_Label: L,
} = load("@bufbuild/protobuf/wkt");
const { version } = load("@confluentinc/schemaregistry/package.json");

const baseURLs = [process.env.REGISTRY_URL];
const client = () => cjs.SchemaRegistryClient.newClient({ baseURLs });
const same = (found, wanted, what) => {
  const inOrder = (one) => Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  const plain = (value) =>
    JSON.stringify(value, (_, one) =>
      typeof one === "bigint" ? `${one}n` : isObject(one) ? inOrder(one) : one,
    );
  if (plain(found) !== plain(wanted)) throw new Error(`${what}: ${plain(found)} instead of ${plain(wanted)}`);
};
let next = 0;
const topic = () => `cjs-${process.pid}-${++next}`;

const avro = {
  schemaType: "AVRO",
  schema: JSON.stringify({
    ...{ type: "record", name: "Paid", namespace: "peer.v1" },
    fields: [
      { name: "id", type: "string" },
      { name: "cents", type: "long" },
      { name: "note", type: ["null", "string"], default: null },
    ],
  }),
};
const paid = { id: "p-1", cents: 420, note: null };

/** order.proto imports money.proto; the second message and a nested one are what is sent. */
function protoFiles() {
  const field = (name, number, type, more = {}) => ({
    ...{ name, number, type, label: L.OPTIONAL, jsonName: name },
    ...more,
  });
  const money = protobuf.create(FileDescriptorProtoSchema, {
    ...{ name: "peer/v1/money.proto", package: "peer.v1", syntax: "proto3" },
    messageType: [{ name: "Money", field: [field("cents", 1, T.INT64)] }],
  });
  const order = protobuf.create(FileDescriptorProtoSchema, {
    ...{ name: "peer/v1/order.proto", package: "peer.v1", syntax: "proto3" },
    dependency: ["peer/v1/money.proto", "google/protobuf/timestamp.proto"],
    messageType: [
      { name: "Other", field: [field("id", 1, T.STRING)] },
      {
        name: "Order",
        field: [
          field("id", 1, T.STRING),
          field("total", 2, T.MESSAGE, { typeName: ".peer.v1.Money" }),
          field("at", 3, T.MESSAGE, { typeName: ".google.protobuf.Timestamp" }),
          field("state", 4, T.ENUM, { typeName: ".peer.v1.State" }),
          field("tags", 5, T.STRING, { label: L.REPEATED }),
        ],
        nestedType: [{ name: "Line", field: [field("sku", 1, T.STRING)] }],
      },
    ],
    enumType: [
      {
        name: "State",
        value: [
          { name: "STATE_UNSPECIFIED", number: 0 },
          { name: "STATE_PAID", number: 1 },
        ],
      },
    ],
  });
  const { file_google_protobuf_timestamp: timestamp } = load("@bufbuild/protobuf/wkt");
  return protobuf.createFileRegistry(order, (name) =>
    name === money.name ? money : name === timestamp.proto.name ? timestamp.proto : undefined,
  );
}

async function roundTripProtobuf(serializerConfig, headers) {
  const registry = protobuf.createMutableRegistry(protoFiles());
  const at = topic();
  const serializer = new cjs.ProtobufSerializer(client(), cjs.SerdeType.VALUE, {
    ...{ registry, autoRegisterSchemas: true },
    ...serializerConfig,
  });
  const results = [];
  for (const [name, init] of [
    ["peer.v1.Order", { id: "o-1", total: { cents: 7n }, at: { seconds: 9n }, state: 1, tags: ["a"] }],
    ["peer.v1.Order.Line", { sku: "s-1" }],
    ["peer.v1.Other", { id: "x-1" }],
  ]) {
    const schema = registry.getMessage(name);
    const message = protobuf.create(schema, init);
    const bytes = await serializer.serialize(at, message, headers);
    // A client of its own: nothing is known, everything is asked for.
    const reader = new cjs.ProtobufDeserializer(client(), cjs.SerdeType.VALUE, {});
    const read = await reader.deserialize(at, bytes, headers);
    same(protobuf.toJson(schema, read), protobuf.toJson(schema, message), name);
    results.push(bytes);
  }
  return { at, results };
}

const operations = {
  async "avro, settings as they are"() {
    const registry = client();
    const at = topic();
    await registry.register(`${at}-value`, avro);
    const serializer = new cjs.AvroSerializer(registry, cjs.SerdeType.VALUE, { useLatestVersion: true });
    const bytes = await serializer.serialize(at, paid);
    same(bytes[0], 0, "the magic byte");
    const reader = new cjs.AvroDeserializer(client(), cjs.SerdeType.VALUE, {});
    same(await reader.deserialize(at, bytes), paid, "what was read");
  },
  async "avro, registering by itself"() {
    const at = topic();
    const serializer = new cjs.AvroSerializer(client(), cjs.SerdeType.KEY, {
      autoRegisterSchemas: true,
      normalizeSchemas: true,
    });
    const bytes = await serializer.serialize(at, "k-1");
    const reader = new cjs.AvroDeserializer(client(), cjs.SerdeType.KEY, {});
    same(await reader.deserialize(at, bytes), "k-1", "what was read");
    same(await client().getAllVersions(`${at}-key`), [1], "versions");
  },
  async "avro, the GUID in a header"() {
    const registry = client();
    const at = topic();
    await registry.register(`${at}-value`, avro);
    const serializer = new cjs.AvroSerializer(registry, cjs.SerdeType.VALUE, {
      useLatestVersion: true,
      schemaIdSerializer: cjs.HeaderSchemaIdSerializer,
    });
    const headers = {};
    const bytes = await serializer.serialize(at, paid, headers);
    same(headers.__value_schema_id?.[0], 1, "the magic byte in the header");
    const reader = new cjs.AvroDeserializer(client(), cjs.SerdeType.VALUE, {});
    same(await reader.deserialize(at, bytes, headers), paid, "what was read");
  },
  async "avro, with a reference"() {
    const registry = client();
    const at = topic();
    await registry.register(`${at}-paid`, avro);
    const order = {
      type: "record",
      name: "Order",
      namespace: "peer.v1",
      fields: [{ name: "paid", type: "peer.v1.Paid" }],
    };
    await registry.register(`${at}-value`, {
      ...{ schemaType: "AVRO", schema: JSON.stringify(order) },
      references: [{ name: "peer.v1.Paid", subject: `${at}-paid`, version: 1 }],
    });
    const serializer = new cjs.AvroSerializer(registry, cjs.SerdeType.VALUE, { useLatestVersion: true });
    const bytes = await serializer.serialize(at, { paid });
    const reader = new cjs.AvroDeserializer(client(), cjs.SerdeType.VALUE, {});
    same(await reader.deserialize(at, bytes), { paid }, "what was read");
  },
  async "protobuf, settings as they are"() {
    const { at, results } = await roundTripProtobuf({}, undefined);
    same([...results[0].subarray(5, 7)], [2, 2], "indexes of the second message");
    const text = (await client().getLatestSchemaMetadata(`${at}-value`)).schema;
    if (!text.includes("message Order {")) throw new Error(`not a text: ${text}`);
  },
  async "protobuf, the GUID in a header"() {
    const headers = {};
    await roundTripProtobuf({ schemaIdSerializer: cjs.HeaderSchemaIdSerializer }, headers);
    same(headers.__value_schema_id?.[0], 1, "the magic byte in the header");
  },
  async "protobuf, normalizing"() {
    await roundTripProtobuf({ normalizeSchemas: true }, undefined);
  },
  async "a rule set and metadata come back as they went"() {
    const registry = client();
    const subject = `${topic()}-value`;
    const given = {
      ...avro,
      metadata: { properties: { owner: "team-a" }, tags: { "**.id": ["PII"] }, sensitive: ["owner"] },
      ruleSet: {
        domainRules: [
          { name: "check", kind: "CONDITION", mode: "WRITE", type: "CEL", expr: "message.id != ''" },
        ],
      },
    };
    const id = await registry.register(subject, given);
    const { metadata, ruleSet } = await registry.getBySubjectAndId(subject, id);
    same(metadata, given.metadata, "metadata");
    same(ruleSet, given.ruleSet, "rules");
    same(
      (await registry.getLatestWithMetadata(subject, { owner: "team-a" })).version,
      1,
      "found by metadata",
    );
  },
  async "levels, compatibility and deletion"() {
    const registry = client();
    const subject = `${topic()}-value`;
    await registry.updateCompatibility(subject, "FULL");
    same(await registry.getCompatibility(subject), "FULL", "the level");
    await registry.register(subject, avro);
    const changed = { ...avro, schema: avro.schema.replace('"long"', '"string"') };
    same(await registry.testSubjectCompatibility(subject, changed), false, "compatible");
    const refused = await registry.register(subject, changed).catch((error) => error);
    same(refused.status, 409, "the status of a refusal");
    same(await registry.deleteSubject(subject), [1], "deleted");
    same(await registry.deleteSubject(subject, true), [1], "deleted for good");
  },
};

process.stdout.write(`${JSON.stringify({ client: `@confluentinc/schemaregistry ${version}` })}\n`);
for (const [name, run] of Object.entries(operations)) {
  const failure = await run().then(
    () => undefined,
    (error) => `${error?.message ?? error}`,
  );
  process.stdout.write(`${JSON.stringify({ name, ...(failure === undefined ? {} : { failure }) })}\n`);
}
process.exit(0);
