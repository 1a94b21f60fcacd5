import { SchemaRegistry as KafkajsRegistry } from "@kafkajs/confluent-schema-registry";
import { expect } from "chai";
import { KeryxError } from "../../src/core/errors.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import { createKafkajsRegistry } from "../../src/registry/kafkajs-registry.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import { avro, registryContract } from "../suites/registry-contract.ts";
import {
  type RegistryServer,
  requireOwnServers,
  requireServers,
  startRegistry,
  uniqueName,
} from "../support/servers.ts";

const observe = (): void => {};

describe("On a real registry", () => {
  let url = "";
  let dialect = "confluent-8";
  before(async function () {
    url = (await requireServers(this)).registryUrl;
    if (url.includes("/apis/ccompat/")) dialect = "apicurio-3.0";
  });

  registryContract({
    name: "the HTTP client",
    create: () => createHttpRegistry({ url }, observe),
    unique: uniqueName,
  });

  registryContract({
    name: "an instance of @kafkajs/confluent-schema-registry",
    create: () => createKafkajsRegistry(new KafkajsRegistry({ host: url }), observe, { dialect }),
    unique: uniqueName,
  });
});

describe("Apicurio 3.0.9 differs from Confluent's registry, and the client copes:", () => {
  let server: RegistryServer;
  let registry: SchemaRegistry;
  const raw = async (path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> => {
    const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
    const response = await fetch(`${server.url}${path}`, { headers, ...init });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  before(async function () {
    await requireOwnServers(this);
    server = await startRegistry();
    registry = createHttpRegistry({ url: server.url, retries: 0 }, observe);
  });
  after(async () => {
    await registry?.close();
    await server?.close();
  });

  it("a subject without a level answers NONE, not 40408; the client says that none is set", async () => {
    await registry.register("level-value", avro());
    expect(await raw("/config/level-value")).to.deep.equal({
      status: 200,
      body: { compatibilityLevel: "NONE" },
    });
    expect(await registry.subjectLevel("level-value")).to.equal(undefined);
  });

  it("setting NONE removes the level, so NONE cannot be told from nothing", async () => {
    await registry.setSubjectLevel("none-value", "FULL");
    await registry.setSubjectLevel("none-value", "NONE");
    expect(await registry.subjectLevel("none-value")).to.equal(undefined);
  });

  it("the global level says NONE while BACKWARD is enforced", async () => {
    expect((await raw("/config")).body).to.deep.equal({ compatibilityLevel: "NONE" });
    await registry.register("global-value", avro({ name: "a", type: "string" }));
    const refused = registry.register("global-value", avro({ name: "a", type: "int" }));
    expect(await refused.catch((error: unknown) => (error as KeryxError).code)).to.equal(
      "schema_incompatible",
    );
  });

  it("answers carry no GUID, and about Avro a type and empty references", async () => {
    const placed = await registry.register("guid-value", avro());
    expect(placed).to.not.have.property("guid");
    const { body } = await raw(`/schemas/ids/${placed.id}`);
    expect(body).to.deep.include({ schemaType: "AVRO", references: [] });
    expect((await registry.schemaById(placed.id)).references).to.deep.equal([]);
  });

  it("a path that it does not have is a 404 without a body, which is no answer about a schema", async () => {
    expect(await raw("/v1/metadata/id")).to.deep.equal({ status: 404, body: undefined });
    const lost = createHttpRegistry({ url: `${server.url}/nowhere`, retries: 0 }, observe);
    expect(await lost.schemaById(1).catch((error: unknown) => (error as KeryxError).code)).to.equal(
      "registry_error",
    );
    await lost.close();
  });

  it("Protobuf with fields in another order is another schema, also when normalized", async () => {
    const text = (fields: string): string => `syntax = "proto3";\nmessage M {\n${fields}\n}\n`;
    const proto = (fields: string) => ({ type: "PROTOBUF", schema: text(fields), references: [] }) as const;
    await registry.register("order-value", proto("  string a = 1;\n  string b = 2;"));
    expect(await registry.lookup("order-value", proto("  string b = 2;\n  string a = 1;"))).to.equal(
      undefined,
    );
  });
});

describe("A registry that goes away", function () {
  this.timeout(60_000);
  let server: RegistryServer;
  before(async function () {
    await requireOwnServers(this);
    server = await startRegistry();
  });
  after(() => server?.close());

  it("stops nothing that is cached, is an error of its own for the rest, and is used again when it is back", async () => {
    const quick = { url: server.url, retries: 1, retryBaseMs: 20 };
    const registry = createHttpRegistry(quick, observe);
    const cold = createHttpRegistry(quick, observe);
    const { id } = await registry.register("away-value", avro());
    await registry.schemaById(id);
    await server.stop();
    expect((await registry.schemaById(id)).id).to.equal(id);
    const error = await cold.schemaById(id).catch((thrown: unknown) => thrown);
    expect(error)
      .to.be.instanceOf(KeryxError)
      .and.to.include({ code: "registry_unreachable", retriable: true });
    await server.start();
    // Its schemas were in memory: the same first registration gets the same first id.
    await cold.register("away-value", avro());
    expect((await cold.schemaById(id)).id).to.equal(id);
    await Promise.all([registry.close(), cold.close()]);
  });
});

describe("A registry that asks who calls", function () {
  this.timeout(60_000);
  const account = { username: "alice", password: "alice-pw-1" };
  let server: RegistryServer;
  before(async function () {
    await requireOwnServers(this);
    server = await startRegistry({ account });
  });
  after(() => server?.close());

  it("lets in the right account and refuses a wrong one and none, without repeating the password", async () => {
    const right = createHttpRegistry({ url: server.url, auth: { kind: "basic", ...account } }, observe);
    expect((await right.register("who-value", avro())).version).to.equal(1);
    await right.close();
    for (const auth of [
      { kind: "none" } as const,
      { kind: "basic", ...account, password: "wrong-pw-2" } as const,
    ]) {
      const registry = createHttpRegistry({ url: server.url, auth }, observe);
      const error = await registry.schemaById(1).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: "registry_unauthorized" });
      expect(JSON.stringify([(error as KeryxError).stack, (error as KeryxError).details])).to.not.include(
        "pw-2",
      );
      await registry.close();
    }
  });

  it("is told apart by a team's existing client just the same", async () => {
    const instance = new KafkajsRegistry({
      host: server.url,
      auth: { username: "alice", password: "wrong" },
    });
    const registry = createKafkajsRegistry(instance, observe);
    const error = await registry.schemaById(1).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "registry_unauthorized" });
  });
});
