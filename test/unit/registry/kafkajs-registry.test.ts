import { SchemaRegistry as KafkajsRegistry } from "@kafkajs/confluent-schema-registry";
import { expect } from "chai";
import {
  createKafkajsRegistry,
  type KafkajsRegistryOptions,
} from "../../../src/registry/kafkajs-registry.ts";
import type { SchemaDefinition, SchemaRegistry } from "../../../src/registry/port.ts";
import { type FaultServer, startFaultServer } from "../../support/fault-server.ts";
import { refusal, rejection } from "./rejection.ts";

const avro: SchemaDefinition = { type: "AVRO", schema: '"string"', references: [] };

describe("An existing @kafkajs/confluent-schema-registry instance as our registry", () => {
  let server: FaultServer;
  const adapt = (options: KafkajsRegistryOptions = {}, host = server.url): SchemaRegistry =>
    createKafkajsRegistry(new KafkajsRegistry({ host, retry: { retries: 0 } }), () => {}, options);
  beforeEach(async () => {
    server = await startFaultServer();
  });
  afterEach(() => server.close());

  it("sends references and the normal form with look-ups, which the library itself does not", async () => {
    server.answer({ status: 200, body: { subject: "a/b", id: 3, version: 2 } });
    const references = [{ name: "x.proto", subject: "x.proto", version: 1 }];
    const schema: SchemaDefinition = { type: "PROTOBUF", schema: "message M {}", references };
    expect(await adapt().lookup("a/b", schema)).to.deep.equal({ subject: "a/b", id: 3, version: 2 });
    expect(server.seen[0]).to.deep.include({
      method: "POST",
      path: "/subjects/a%2Fb?normalize=true",
      body: { schema: "message M {}", schemaType: "PROTOBUF", references },
    });
    await adapt({ normalize: false }).lookup("a/b", avro);
    expect(server.seen[1]).to.deep.include({ path: "/subjects/a%2Fb", body: { schema: '"string"' } });
  });

  it("fetches texts without compiling them", async () => {
    server.answer({ status: 200, body: { schema: "this is no schema at all" } });
    expect((await adapt().schemaById(1)).schema).to.equal("this is no schema at all");
  });

  it("never reads or writes a subject's level on its own when it registers", async () => {
    server.answer({ status: 200, body: { id: 3, version: 1 } });
    await adapt().register("m", avro);
    expect(server.seen.map((one) => one.path)).to.deep.equal(["/subjects/m/versions?normalize=true"]);
  });

  it("looks the version up where a registration answers with the id alone", async () => {
    server.answer([
      { status: 200, body: { id: 3 } },
      { status: 200, body: { id: 3, version: 9 } },
    ]);
    expect((await adapt().register("m", avro)).version).to.equal(9);
  });

  it("makes sure that a registry said 'not found', and a proxy did not", async () => {
    const notFound = { status: 404, body: { error_code: 40403, message: "Schema not found" } };
    server.answer((request) => (request.path === "/subjects" ? { status: 200, body: [] } : notFound));
    expect((await rejection(adapt().schemaById(1))).code).to.equal("schema_not_found");
    expect(await adapt().lookup("m", avro)).to.equal(undefined);
    expect(await adapt().hasSubject("m")).to.equal(false);
    expect(await adapt().subjectLevel("m")).to.equal(undefined);
    server.answer(notFound);
    expect((await rejection(adapt().schemaById(1))).code).to.equal("registry_error");
    expect((await rejection(adapt().lookup("m", avro))).code).to.equal("registry_error");
  });

  for (const [status, code] of [
    [401, "registry_unauthorized"],
    [403, "registry_unauthorized"],
    [409, "schema_incompatible"],
    [422, "schema_invalid"],
    [429, "registry_unreachable"],
    [503, "registry_unreachable"],
    [418, "registry_error"],
  ] as const)
    it(`says ${code} for ${status}`, async () => {
      server.answer({ status, body: { error_code: status, message: "because\nof this" } });
      const error = await rejection(adapt().register("m", avro));
      expect(error.code).to.equal(code);
      expect(error.message).to.include("because of this");
      expect(error.details).to.include({ status });
    });

  it("tells an outage from a refusal, although the library reports both with a status", async () => {
    const error = await rejection(adapt({}, "http://127.0.0.1:1").schemaById(1));
    expect(error).to.include({ code: "registry_unreachable", retriable: true });
  });

  it("takes NONE for no level only on Apicurio", async () => {
    server.answer({ status: 200, body: { compatibilityLevel: "NONE" } });
    expect(await adapt().subjectLevel("m")).to.equal("NONE");
    expect(await adapt({ dialect: "apicurio-3.0" }).subjectLevel("m")).to.equal(undefined);
  });

  it("sets a level", async () => {
    server.answer({ status: 200, body: { compatibility: "FULL" } });
    await adapt().setSubjectLevel("m", "FULL");
    expect(server.seen[0]).to.deep.include({
      method: "PUT",
      path: "/config/m",
      body: { compatibility: "FULL" },
    });
  });

  it("asks nothing for a caller that has given up, and for ids that cannot be", async () => {
    const registry = adapt();
    const signal = AbortSignal.abort();
    expect((await rejection(registry.lookup("m", avro, signal))).code).to.equal("aborted");
    expect((await rejection(registry.schemaById(-1))).code).to.equal("schema_not_found");
    expect(server.seen).to.have.length(0);
    await registry.close();
  });

  it("is refused when the instance is something else", () => {
    const stranger = { getRegistryId: async () => 1, getLatestSchemaId: async () => 1 };
    const error = refusal(() => createKafkajsRegistry(stranger, () => {}));
    expect(error.code).to.equal("capability_missing");
    expect(error.help).to.include("registry.url");
  });
});
