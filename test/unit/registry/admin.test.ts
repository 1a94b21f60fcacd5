import { expect } from "chai";
import { createRegistryAdmin, type RegistryAdmin } from "../../../src/registry/admin.ts";
import type { RegistryOptions } from "../../../src/registry/options.ts";
import type { SchemaDefinition } from "../../../src/registry/port.ts";
import { type FaultServer, type Reply, startFaultServer } from "../../support/fault-server.ts";
import { rejection } from "./rejection.ts";

const avro: SchemaDefinition = { type: "AVRO", schema: '"string"', references: [] };
const proto: SchemaDefinition = {
  type: "PROTOBUF",
  schema: 'syntax = "proto3"; import "a.proto"; message M { A a = 1; }',
  references: [{ name: "a.proto", subject: "a/b.proto", version: 2 }],
};
const ok = (body: unknown): Reply => ({ status: 200, body });
const absent: Reply = { status: 404, body: { error_code: 40401, message: "no such subject" } };
const noLevel: Reply = { status: 404, body: { error_code: 40408, message: "no level" } };
const verdict = (isCompatible: boolean, ...messages: string[]): Reply =>
  ok({ is_compatible: isCompatible, messages });

describe("Questions of a deploy step to a registry", () => {
  let server: FaultServer;
  let open: RegistryAdmin[];
  const connect = (options: Partial<RegistryOptions> = {}): RegistryAdmin => {
    const admin = createRegistryAdmin({ url: server.url, retries: 0, ...options }, () => {});
    open.push(admin);
    return admin;
  };
  const paths = (): readonly string[] => server.seen.map(({ method, path }) => `${method} ${path}`);
  beforeEach(async () => {
    server = await startFaultServer();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((admin) => admin.close()));
    await server.close();
  });

  describe("Which versions are there", () => {
    it("is answered in ascending order, and nothing for an unknown subject", async () => {
      server.answer([ok([3, 1, 7]), absent]);
      const admin = connect();
      expect(await admin.versions("a/b.proto")).to.deep.equal([1, 3, 7]);
      expect(await admin.versions("none")).to.deep.equal([]);
      expect(paths()[0]).to.equal("GET /subjects/a%2Fb.proto/versions");
    });

    const lies: Readonly<Record<string, unknown>> = {
      "no list": { versions: [1] },
      "a version that is text": ["1"],
      "a version below one": [0],
      "a version beyond 32 bits": [2 ** 40],
      "more versions than anybody registers": Array.from({ length: 100_001 }, (_, index) => index + 1),
    };
    for (const [what, body] of Object.entries(lies))
      it(`is an error when the answer has ${what}`, async () => {
        server.answer(ok(body));
        expect((await rejection(connect().versions("s"))).code).to.equal("registry_error");
      });

    it("is not 'none' because a proxy answers 404", async () => {
      server.answer({ status: 404, body: "<h1>Not Found</h1>" });
      expect((await rejection(connect().versions("s"))).code).to.equal("registry_error");
    });
  });

  describe("The level in force", () => {
    it("is the subject's own where it has one", async () => {
      server.answer(ok({ compatibilityLevel: "FULL" }));
      expect(await connect().levelInForce("s")).to.deep.equal({ level: "FULL", from: "subject" });
      expect(paths()).to.deep.equal(["GET /config/s"]);
    });

    it("is else the global one, NONE included", async () => {
      for (const level of ["FORWARD_TRANSITIVE", "NONE"]) {
        server.answer([noLevel, ok({ compatibilityLevel: level })]);
        expect(await connect().levelInForce("s")).to.deep.equal({ level, from: "global" });
      }
    });

    it("is taken for BACKWARD where NONE may mean that the registry keeps its rule to itself", async () => {
      server.answer(ok({ compatibilityLevel: "NONE" }));
      const admin = connect({ dialect: "apicurio-3.0" });
      expect(await admin.levelInForce("s")).to.deep.equal({ level: "BACKWARD", from: "global" });
    });

    it("is an error, not a guess, when the registry names none", async () => {
      for (const body of [{}, { compatibilityLevel: "SIDEWARD" }]) {
        server.answer([noLevel, ok(body)]);
        expect((await rejection(connect().levelInForce("s"))).code).to.equal("registry_error");
      }
    });
  });

  describe("Compatibility", () => {
    it("is asked of the whole history, verbose, normalized as everything else, with references", async () => {
      server.answer(verdict(true));
      expect(await connect().compatibility("a/b", proto)).to.deep.equal({ compatible: true, messages: [] });
      expect(paths()).to.deep.equal([
        "POST /compatibility/subjects/a%2Fb/versions?verbose=true&normalize=true",
      ]);
      expect(server.seen[0]?.body).to.deep.equal({
        schema: proto.schema,
        schemaType: "PROTOBUF",
        references: proto.references,
      });
      await connect({ normalize: false }).compatibility("s", avro);
      expect(paths()[1]).to.equal("POST /compatibility/subjects/s/versions?verbose=true");
    });

    it("brings the registry's reasons, one line each and bounded", async () => {
      server.answer(verdict(false, "{errorType:\n'X'}\u001b[31m", "x".repeat(5_000)));
      const { compatible, messages } = await connect().compatibility("s", avro);
      expect(compatible).to.equal(false);
      expect(messages[0]).to.equal("{errorType: 'X'} [31m");
      expect(messages[1]).to.have.length(2_001);
      server.answer(verdict(false, ...Array.from({ length: 1_000 }, () => "m")));
      expect((await connect().compatibility("s", avro)).messages).to.have.length(200);
    });

    it("is an error when the answer does not say yes or no", async () => {
      for (const body of [{}, { is_compatible: "true" }, { is_compatible: true, messages: "no" }]) {
        server.answer(ok(body));
        expect((await rejection(connect().compatibility("s", avro))).code).to.equal("registry_error");
      }
    });

    it("of a schema that the registry cannot read is an invalid schema", async () => {
      server.answer({ status: 422, body: { error_code: 42201, message: "invalid" } });
      expect((await rejection(connect().compatibility("s", avro))).code).to.equal("schema_invalid");
    });

    it("is yes for a subject that does not exist, whatever status says so", async () => {
      server.answer(({ path }) => (path === "/config" ? ok({ compatibilityLevel: "FULL" }) : absent));
      expect((await connect().compatibility("s", avro)).compatible).to.equal(true);
    });

    /** A registry without the route; `versions` lists its versions, `refused` those that do not take the schema. */
    const older = (level: string, versions: readonly number[], refused: readonly number[]) =>
      server.answer(({ method, path }) => {
        if (path === "/config/s") return ok({ compatibilityLevel: level });
        if (path === "/subjects/s/versions") return ok(versions);
        const version = Number(/\/versions\/(\d+)\?/.exec(path)?.[1]);
        if (method !== "POST" || Number.isNaN(version)) return { status: 405 };
        return verdict(!refused.includes(version), ...(refused.includes(version) ? [`not ${version}`] : []));
      });
    const asked = (): readonly number[] =>
      paths().flatMap(
        (path) => Number(/versions\/(\d+)\?verbose=true&normalize=true$/.exec(path)?.[1]) || [],
      );

    it("on a registry without that route is asked of the newest version where the level ends there", async () => {
      older("FORWARD", [1, 2, 5], [1]);
      expect((await connect().compatibility("s", avro)).compatible).to.equal(true);
      expect(asked()).to.deep.equal([5]);
    });

    it("there goes back version by version at a transitive level, and stops at the first that fails", async () => {
      older("BACKWARD_TRANSITIVE", [1, 2, 5], [1, 2]);
      expect(await connect().compatibility("s", avro)).to.deep.equal({
        compatible: false,
        messages: ["not 2"],
      });
      expect(asked()).to.deep.equal([5, 2]);
    });

    it("there asks nothing at NONE", async () => {
      older("NONE", [1, 2], [1, 2]);
      expect((await connect().compatibility("s", avro)).compatible).to.equal(true);
      expect(asked()).to.deep.equal([]);
    });

    it("there goes past a version that was deleted meanwhile, but takes silence for no answer", async () => {
      const deleted: Reply = { status: 404, body: { error_code: 40402, message: "gone" } };
      const gone = new Set(["/2?"]);
      server.answer(({ path }) => {
        if (path.startsWith("/config")) return ok({ compatibilityLevel: "FULL" });
        if (path === "/subjects/s/versions") return ok([1, 2]);
        if (path.includes("/versions?")) return { status: 404 };
        return [...gone].some((one) => path.includes(one)) ? deleted : verdict(false, "against 1");
      });
      expect((await connect().compatibility("s", avro)).messages).to.deep.equal(["against 1"]);
      gone.add("/1?");
      expect((await rejection(connect().compatibility("s", avro))).code).to.equal("registry_error");
    });

    it("is an error where nothing answers as a registry does", async () => {
      server.answer({ status: 404, body: "<h1>Not Found</h1>" });
      expect((await rejection(connect().compatibility("s", avro))).code).to.equal("registry_error");
      server.answer("drop");
      expect((await rejection(connect().compatibility("s", avro))).code).to.equal("registry_unreachable");
    });
  });

  it("share the client's manners: retries, further URLs, credentials that are never shown", async () => {
    const second = await startFaultServer();
    server.answer("drop");
    second.answer([{ status: 503 }, verdict(true)]);
    const auth = { kind: "basic", username: "ann", password: "pw-77" } as const;
    const admin = connect({ url: [server.url, second.url], auth, retries: 1, retryBaseMs: 1 });
    expect((await admin.compatibility("s", avro)).compatible).to.equal(true);
    expect(second.seen[0]?.headers.authorization).to.match(/^Basic /);
    second.answer({ status: 401, body: { error_code: 401, message: "pw-77 is wrong" } });
    const error = await rejection(admin.versions("s"));
    expect(error.code).to.equal("registry_unauthorized");
    expect(`${error.stack}${JSON.stringify(error.details)}`).not.to.contain("pw-77");
    await second.close();
  });

  it("end when the client is closed", async () => {
    server.answer("hang");
    const admin = connect();
    const asking = rejection(admin.compatibility("s", avro));
    await admin.close();
    expect((await asking).code).to.equal("closed");
    expect((await rejection(admin.registry.lookup("s", avro))).code).to.equal("closed");
  });
});
