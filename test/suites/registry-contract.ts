import { expect } from "chai";
import { KeryxError } from "../../src/core/errors.ts";
import type { SchemaDefinition, SchemaRegistry } from "../../src/registry/port.ts";

export interface RegistryUnderTest {
  readonly name: string;
  /** A client with cold caches. */
  create(): SchemaRegistry | Promise<SchemaRegistry>;
  /** A name that no other test uses. */
  unique(prefix: string): string;
}

export function avro(...fields: readonly unknown[]): SchemaDefinition {
  const record = { type: "record", name: "Paid", namespace: "contract.v1", fields };
  return { type: "AVRO", schema: JSON.stringify(record), references: [] };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: unknown) => (error instanceof KeryxError ? error.code : String(error)),
  );
}

/** What every implementation of the registry port does, on every registry. */
export function registryContract(under: RegistryUnderTest): void {
  describe(`${under.name} as a schema registry`, () => {
    const open: SchemaRegistry[] = [];
    let registry: SchemaRegistry;
    let subject: string;
    let id: { readonly name: string; readonly type: string };
    const create = async (): Promise<SchemaRegistry> => {
      const created = await under.create();
      open.push(created);
      return created;
    };
    beforeEach(async () => {
      registry = await create();
      subject = `${under.unique("paid")}-value`;
      // A field of its own makes the text new to the registry, so ids cannot come from another test.
      id = { name: under.unique("f").replaceAll("-", "_"), type: "string" };
    });
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
    });

    it("registers a schema and finds it again by content, id and version", async () => {
      const placed = await registry.register(subject, avro(id));
      expect(placed).to.include({ subject, version: 1 });
      expect(await registry.lookup(subject, avro(id))).to.include({ subject, version: 1, id: placed.id });
      const byId = await registry.schemaById(placed.id);
      expect(byId).to.include({ id: placed.id, type: "AVRO" });
      expect(JSON.parse(byId.schema)).to.deep.equal(JSON.parse(avro(id).schema));
      const byVersion = await (await create()).schemaByVersion(subject, 1);
      expect(byVersion).to.include({ id: placed.id, version: 1, subject, schema: byId.schema });
    });

    it("gives a schema registered again, here or under another subject, the same id", async () => {
      const first = await registry.register(subject, avro(id));
      const again = await (await create()).register(subject, avro(id));
      const elsewhere = await registry.register(`${subject}-2`, avro(id));
      expect(again).to.include({ id: first.id, version: 1 });
      expect(elsewhere).to.include({ id: first.id, version: 1, subject: `${subject}-2` });
    });

    it("gives one id to 24 registrations at once", async () => {
      const placed = await Promise.all(
        Array.from({ length: 24 }, () => registry.register(subject, avro(id))),
      );
      expect(new Set(placed.map((one) => one.id)).size).to.equal(1);
      expect(new Set(placed.map((one) => one.version)).size).to.equal(1);
    });

    it("finds nothing under an unknown subject, and nothing for unknown content", async () => {
      expect(await registry.lookup(subject, avro(id))).to.equal(undefined);
      expect(await registry.hasSubject(subject)).to.equal(false);
      await registry.register(subject, avro(id));
      expect(await registry.hasSubject(subject)).to.equal(true);
      expect(await registry.lookup(subject, avro({ name: "other", type: "int" }))).to.equal(undefined);
    });

    it("says that an id or a version does not exist", async () => {
      expect(await codeOf(registry.schemaById(2_000_000_000))).to.equal("schema_not_found");
      expect(await codeOf(registry.schemaByVersion(subject, 1))).to.equal("schema_not_found");
      await registry.register(subject, avro(id));
      expect(await codeOf(registry.schemaByVersion(subject, 7))).to.equal("schema_not_found");
    });

    it("keeps a level that is set before the first version, and refuses what it forbids", async () => {
      expect(await registry.subjectLevel(subject)).to.equal(undefined);
      await registry.setSubjectLevel(subject, "FULL_TRANSITIVE");
      expect(await registry.subjectLevel(subject)).to.equal("FULL_TRANSITIVE");
      await registry.register(subject, avro(id));
      expect(await registry.subjectLevel(subject)).to.equal("FULL_TRANSITIVE");
      expect(await codeOf(registry.register(subject, avro({ ...id, type: "int" })))).to.equal(
        "schema_incompatible",
      );
      expect(await registry.lookup(subject, avro({ ...id, type: "int" }))).to.equal(undefined);
    });

    it("takes a compatible successor as the next version", async () => {
      await registry.setSubjectLevel(subject, "BACKWARD");
      const first = await registry.register(subject, avro(id));
      const second = await registry.register(
        subject,
        avro(id, { name: "note", type: "string", default: "" }),
      );
      expect(second.version).to.equal(2);
      expect(second.id).to.not.equal(first.id);
    });

    it("refuses a schema that cannot be parsed as invalid", async () => {
      await registry.register(subject, avro(id));
      const broken = { type: "AVRO", schema: '{"type":"recor"', references: [] } as const;
      expect(await codeOf(registry.register(subject, broken))).to.equal("schema_invalid");
    });

    it("finds a schema that is only spaced differently", async () => {
      const placed = await registry.register(subject, avro(id));
      const spaced = { ...avro(id), schema: JSON.stringify(JSON.parse(avro(id).schema), null, 2) };
      expect(await registry.lookup(subject, spaced)).to.include({ id: placed.id, version: 1 });
    });

    it("carries Protobuf references, under subjects that are paths", async () => {
      const path = `${under.unique("contract/v1/money")}.proto`;
      const name = id.name.toUpperCase();
      const money: SchemaDefinition = {
        type: "PROTOBUF",
        schema: `syntax = "proto3";\npackage contract.v1;\n\nmessage ${name} {\n  int64 minor = 1;\n}\n`,
        references: [],
      };
      const imported = await registry.register(path, money);
      const order: SchemaDefinition = {
        type: "PROTOBUF",
        schema: `syntax = "proto3";\npackage contract.v1;\n\nimport "${path}";\n\nmessage Order${name} {\n  ${name} total = 1;\n}\n`,
        references: [{ name: path, subject: path, version: imported.version }],
      };
      const placed = await registry.register(subject, order);
      const byId = await (await create()).schemaById(placed.id);
      expect(byId.type).to.equal("PROTOBUF");
      expect(byId.references).to.deep.equal(order.references);
      expect(await registry.lookup(subject, order)).to.include({ id: placed.id });
      const [reference] = byId.references;
      const text = await registry.schemaByVersion(reference?.subject ?? "", reference?.version ?? 0);
      expect(text.schema).to.include(`message ${name}`);
    });

    it("has a fetched schema at hand without I/O", async () => {
      const { id: schemaId } = await registry.register(subject, avro(id));
      const cold = await create();
      expect(cold.cachedSchema(schemaId)).to.equal(undefined);
      const schemas = await Promise.all(Array.from({ length: 50 }, () => cold.schemaById(schemaId)));
      expect(new Set(schemas).size).to.equal(1);
      expect(cold.cachedSchema(schemaId)).to.equal(schemas[0]);
    });
  });
}
