import { expect } from "chai";
import { createHttpRegistry } from "../../../src/registry/http.ts";
import type { RegistryOptions } from "../../../src/registry/options.ts";
import type { SchemaDefinition, SchemaRegistry } from "../../../src/registry/port.ts";
import { type FaultServer, startFaultServer } from "../../support/fault-server.ts";
import { rejection } from "./rejection.ts";

const proto: SchemaDefinition = {
  type: "PROTOBUF",
  schema: 'syntax = "proto3"; import "a.proto"; message M { A a = 1; }',
  references: [{ name: "a.proto", subject: "a.proto", version: 2 }],
};
const avro: SchemaDefinition = { type: "AVRO", schema: '"string"', references: [] };

describe("Registry requests", () => {
  let server: FaultServer;
  let open: SchemaRegistry[];
  const connect = (options: Partial<RegistryOptions> = {}): SchemaRegistry => {
    const registry = createHttpRegistry({ url: server.url, retries: 0, ...options }, () => {});
    open.push(registry);
    return registry;
  };
  beforeEach(async () => {
    server = await startFaultServer();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((registry) => registry.close()));
    await server.close();
  });

  it("register with type and references, and take the place from the answer", async () => {
    server.answer({
      status: 200,
      body: { id: 12, version: 3, guid: "095d71cf-1255-6b9d-5e33-0ad575b3df5d" },
    });
    const placed = await connect().register("m-value", proto);
    expect(placed).to.deep.equal({
      subject: "m-value",
      id: 12,
      version: 3,
      guid: "095d71cf-1255-6b9d-5e33-0ad575b3df5d",
    });
    expect(server.seen[0]).to.deep.include({
      method: "POST",
      path: "/subjects/m-value/versions?normalize=true",
      body: { schema: proto.schema, schemaType: "PROTOBUF", references: proto.references },
    });
  });

  it("look the place up where the registration answers with the id alone", async () => {
    server.answer([
      { status: 200, body: { id: 12 } },
      { status: 200, body: { subject: "m-value", id: 12, version: 4, schema: '"string"' } },
    ]);
    expect(await connect().register("m-value", avro)).to.deep.equal({
      subject: "m-value",
      id: 12,
      version: 4,
    });
  });

  it("look up with the same setting and the same references as they register", async () => {
    server.answer({ status: 200, body: { subject: "m", id: 12, version: 3 } });
    await connect().lookup("m", proto);
    await connect({ normalize: false }).lookup("m", proto);
    await connect({ normalize: false }).register("m", proto);
    expect(server.seen.map((one) => one.path)).to.deep.equal([
      "/subjects/m?normalize=true",
      "/subjects/m",
      "/subjects/m/versions",
    ]);
    for (const one of server.seen)
      expect(one.body).to.deep.include({ schemaType: "PROTOBUF", references: proto.references });
  });

  it("send neither type nor references for plain Avro, which old registries do not know", async () => {
    server.answer({ status: 200, body: { id: 1, version: 1 } });
    await connect().lookup("m", avro);
    expect(server.seen[0]?.body).to.deep.equal({ schema: '"string"' });
  });

  for (const code of [40401, 40403])
    it(`find nothing where the registry says ${code}`, async () => {
      server.answer({ status: 404, body: { error_code: code, message: "not found" } });
      expect(await connect().lookup("m", avro)).to.equal(undefined);
    });

  it("fail, and do not find nothing, where somebody else says 404", async () => {
    server.answer({ status: 404, body: "<html>nginx</html>" });
    const registry = connect();
    expect((await rejection(registry.lookup("m", avro))).code).to.equal("registry_error");
    expect((await rejection(registry.hasSubject("m"))).code).to.equal("registry_error");
    expect((await rejection(registry.subjectLevel("m"))).code).to.equal("registry_error");
  });

  it("read one version with its references", async () => {
    const body = { subject: "m", id: 4, version: 2, schemaType: "PROTOBUF", schema: proto.schema };
    server.answer({ status: 200, body: { ...body, references: proto.references } });
    expect(await connect().schemaByVersion("m", 2)).to.deep.equal({
      ...proto,
      id: 4,
      subject: "m",
      version: 2,
    });
    expect(server.seen[0]?.path).to.equal("/subjects/m/versions/2");
  });

  it("know a subject without versions from one with some", async () => {
    server.answer([
      { status: 200, body: [1, 2] },
      { status: 200, body: [] },
      { status: 404, body: { error_code: 40401 } },
    ]);
    const registry = connect();
    expect(await registry.hasSubject("m")).to.equal(true);
    expect(await registry.hasSubject("m")).to.equal(false);
    expect(await registry.hasSubject("m")).to.equal(false);
  });

  it("set a level and read it back", async () => {
    server.answer({ status: 200, body: { compatibility: "FULL" } });
    await connect().setSubjectLevel("a/b", "FULL");
    expect(server.seen[0]).to.deep.include({
      method: "PUT",
      path: "/config/a%2Fb",
      body: { compatibility: "FULL" },
    });
    server.answer({ status: 200, body: { compatibilityLevel: "FULL_TRANSITIVE" } });
    expect(await connect().subjectLevel("m")).to.equal("FULL_TRANSITIVE");
  });

  for (const code of [40408, 40401])
    it(`find no level on the subject where the registry says ${code}`, async () => {
      server.answer({ status: 404, body: { error_code: code } });
      expect(await connect().subjectLevel("m")).to.equal(undefined);
    });

  it("take NONE as a level, except from Apicurio, where it means that none is set", async () => {
    server.answer({ status: 200, body: { compatibilityLevel: "NONE" } });
    expect(await connect().subjectLevel("m")).to.equal("NONE");
    expect(await connect({ url: `${server.url}/apis/ccompat/v7` }).subjectLevel("m")).to.equal(undefined);
    expect(await connect({ dialect: "apicurio-3" }).subjectLevel("m")).to.equal(undefined);
  });

  describe("take an answer only when it is what it should be", () => {
    const answers: readonly (readonly [what: string, body: unknown, code: string])[] = [
      ["no schema", {}, "registry_error"],
      ["a list", [], "registry_error"],
      ["null", null, "registry_error"],
      ["a page of a proxy", "<html>log in</html>", "registry_error"],
      ["a schema that is not text", { schema: { type: "string" } }, "registry_error"],
      ["an unknown type", { schema: "x", schemaType: "COBOL" }, "registry_error"],
      ["references that are not a list", { schema: "x", references: { length: 1 } }, "registry_error"],
      [
        "a reference without a version",
        { schema: "x", references: [{ name: "a", subject: "b" }] },
        "registry_error",
      ],
      [
        "a reference with a huge name",
        { schema: "x", references: [{ name: "a".repeat(5_000), subject: "b", version: 1 }] },
        "registry_error",
      ],
      ["a schema one byte too large", { schema: "x".repeat(1_048_577) }, "schema_invalid"],
      ["a schema too large in bytes, not in characters", { schema: "ä".repeat(524_289) }, "schema_invalid"],
      [
        "one reference too many",
        {
          schema: "x",
          references: Array.from({ length: 201 }, () => ({ name: "a", subject: "b", version: 1 })),
        },
        "schema_invalid",
      ],
    ];
    for (const [what, body, code] of answers)
      it(`refusing ${what}`, async () => {
        server.answer({ status: 200, body });
        expect((await rejection(connect().schemaById(1))).code).to.equal(code);
      });

    it("accepting what stands exactly at the limits", async () => {
      const references = Array.from({ length: 200 }, (_, i) => ({ name: `r${i}`, subject: "b", version: 1 }));
      server.answer({ status: 200, body: { schema: "x".repeat(1_048_576), references } });
      const schema = await connect().schemaById(1);
      expect(schema.schema).to.have.length(1_048_576);
      expect(schema.references).to.have.length(200);
    });

    it("cutting off one that never ends", async () => {
      server.answer("endless");
      expect((await rejection(connect().schemaById(1))).code).to.equal("schema_invalid");
    });

    it("without taking members from a prototype", async () => {
      server.answer({ status: 200, body: '{"__proto__":{"schema":"x"}}' });
      expect((await rejection(connect().schemaById(1))).code).to.equal("registry_error");
    });

    for (const id of [-1, 1.5, 2_147_483_648, "1"])
      it(`refusing ${JSON.stringify(id)} as an id`, async () => {
        server.answer({ status: 200, body: { id, version: 1 } });
        expect((await rejection(connect().register("m", avro))).code).to.equal("registry_error");
      });

    it("and never asks for an id that no registry gives out", async () => {
      const error = await rejection(connect().schemaById(-5));
      expect(error.code).to.equal("schema_not_found");
      expect(server.seen).to.have.length(0);
    });
  });
});
