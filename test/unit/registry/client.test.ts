import { expect } from "chai";
import type { Signal } from "../../../src/core/signals.ts";
import { createHttpRegistry } from "../../../src/registry/http.ts";
import type { RegistryOptions } from "../../../src/registry/options.ts";
import type { SchemaRegistry } from "../../../src/registry/port.ts";
import { type FaultServer, startFaultServer } from "../../support/fault-server.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";
import { refusal, rejection } from "./rejection.ts";

const schemaAnswer = { status: 200, body: { schema: '"string"' } } as const;

describe("Registry client", () => {
  let server: FaultServer;
  let second: FaultServer;
  let open: SchemaRegistry[];
  let signals: Signal[];
  const connect = (options: Partial<RegistryOptions> = {}, parts = {}): SchemaRegistry => {
    const quick = { url: server.url, retryBaseMs: 1, retryMaxMs: 2, timeoutMs: 2_000 };
    const registry = createHttpRegistry({ ...quick, ...options }, (signal) => signals.push(signal), parts);
    open.push(registry);
    return registry;
  };
  beforeEach(async () => {
    [server, second] = await Promise.all([startFaultServer(), startFaultServer()]);
    open = [];
    signals = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((registry) => registry.close()));
    await Promise.all([server.close(), second.close()]);
  });

  describe("asks", () => {
    it("for the registry's own media type, without credentials by default", async () => {
      server.answer(schemaAnswer);
      await connect().schemaById(7);
      expect(server.seen[0]).to.include({ method: "GET", path: "/schemas/ids/7" });
      expect(server.seen[0]?.headers.accept).to.match(/^application\/vnd\.schemaregistry\.v1\+json/);
      expect(server.seen[0]?.headers.authorization).to.equal(undefined);
    });

    it("for a subject as one path segment, behind the base path", async () => {
      server.answer({ status: 200, body: [1] });
      const registry = connect({ url: `${server.url}/apis/ccompat/v7` });
      expect(await registry.hasSubject("orders/v1/größe #1?.proto")).to.equal(true);
      expect(server.seen[0]?.path).to.equal(
        "/apis/ccompat/v7/subjects/orders%2Fv1%2Fgr%C3%B6%C3%9Fe%20%231%3F.proto/versions",
      );
    });

    for (const subject of ["", ".", "..", "\ud800"])
      it(`never for the subject ${JSON.stringify(subject)}, which would name another resource`, async () => {
        expect((await rejection(connect().hasSubject(subject))).code).to.equal("config_invalid");
        expect(server.seen).to.have.length(0);
      });

    it("with basic authentication", async () => {
      server.answer(schemaAnswer);
      await connect({ auth: { kind: "basic", username: "alice", password: "pässword" } }).schemaById(1);
      const expected = Buffer.from("alice:pässword").toString("base64");
      expect(server.seen[0]?.headers.authorization).to.equal(`Basic ${expected}`);
    });

    it("with a bearer token alone, and a cluster only where one is given", async () => {
      server.answer(schemaAnswer);
      await connect({ auth: { kind: "bearer", token: "t0ken" } }).schemaById(1);
      await connect({ auth: { kind: "bearer", token: "t", logicalCluster: "lsrc-1" } }).schemaById(1);
      expect(server.seen[0]?.headers).to.include({ authorization: "Bearer t0ken" });
      expect(server.seen[0]?.headers).to.not.have.property("target-sr-cluster");
      expect(server.seen[1]?.headers).to.include({ "target-sr-cluster": "lsrc-1" });
    });

    it("with what the token provider says at that moment", async () => {
      server.answer(schemaAnswer);
      let calls = 0;
      const registry = connect({ auth: { kind: "bearer", token: async () => `token-${++calls}` } });
      await registry.schemaById(1);
      await registry.schemaById(2);
      expect(server.seen.map((one) => one.headers.authorization)).to.deep.equal([
        "Bearer token-1",
        "Bearer token-2",
      ]);
    });

    it("nothing when the token provider fails", async () => {
      const token = async (): Promise<string> => {
        throw new Error("identity provider is down");
      };
      const error = await rejection(connect({ auth: { kind: "bearer", token } }).schemaById(1));
      expect(error.code).to.equal("registry_unauthorized");
      expect(server.seen).to.have.length(0);
    });

    it("nothing when the token provider never answers, and does not wait for ever", async () => {
      const token = (): Promise<string> => new Promise(() => {});
      const error = await rejection(
        connect({ auth: { kind: "bearer", token }, timeoutMs: 50 }).schemaById(1),
      );
      expect(error.code).to.equal("registry_unauthorized");
    });

    it("nothing with a token that a header cannot hold, and never shows it", async () => {
      const leak = "s3cret\nx-evil: 1";
      const start = refusal(() => connect({ auth: { kind: "bearer", token: leak } }));
      const later = await rejection(connect({ auth: { kind: "bearer", token: () => leak } }).schemaById(1));
      for (const error of [start, later]) {
        expect(error.code).to.equal("config_invalid");
        expect(String(error.stack)).to.not.include("s3cret");
      }
    });
  });

  describe("tries again", () => {
    for (const status of [408, 429, 500, 502, 503, 504])
      it(`after ${status}`, async () => {
        server.answer([{ status }, { status }, { status }, schemaAnswer]);
        expect((await connect().schemaById(1)).schema).to.equal('"string"');
        expect(server.seen).to.have.length(4);
        expect(signals.filter((one) => one.kind === "registry.request_failed")).to.have.length(3);
      });

    for (const fault of ["drop", "truncate"] as const)
      it(`after a connection failure (${fault})`, async () => {
        server.answer([fault, schemaAnswer]);
        expect((await connect().schemaById(1)).schema).to.equal('"string"');
      });

    it("three times, then says that the registry is unreachable", async () => {
      server.answer({ status: 503, body: { error_code: 50002, message: "timed out" } });
      const error = await rejection(connect().schemaById(1));
      expect(error).to.include({ code: "registry_unreachable", retriable: true });
      expect(error.details).to.include({ status: 503, errorCode: 50002 });
      expect(server.seen).to.have.length(4);
      expect(signals.at(-1)).to.include({ attempt: 4, willRetry: false });
    });

    it("after pauses that double up to the cap, drawn from zero up", async () => {
      server.answer({ status: 503 });
      const clock = createManualClock();
      const options = { retries: 6, retryBaseMs: 1_000, retryMaxMs: 20_000 };
      const asked = rejection(connect(options, { clock, random: () => 1 }).schemaById(1));
      const deadline = Date.now() + 15_000;
      while (server.seen.length < 7 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await clock.advance(20_000);
      }
      await asked;
      expect(clock.delays.slice(0, 6)).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 20_000]);

      const jittered = createManualClock();
      void connect({ ...options, retries: 1 }, { clock: jittered, random: () => 0.25 })
        .schemaById(1)
        .catch(() => {});
      while (jittered.delays.length === 0) await settle();
      expect(jittered.delays[0]).to.equal(250);
    });

    for (const status of [400, 401, 403, 404, 409, 422, 501])
      it(`not after ${status}, and asks nobody else`, async () => {
        server.answer({ status });
        const error = await rejection(connect({ url: [server.url, second.url] }).schemaById(1));
        expect(error.retriable).to.equal(false);
        expect(server.seen).to.have.length(1);
        expect(second.seen).to.have.length(0);
      });

    it("elsewhere at once, and stays with the URL that answered", async () => {
      server.answer("drop");
      second.answer(schemaAnswer);
      const registry = connect({ url: [server.url, second.url] });
      await registry.schemaById(1);
      await registry.schemaById(2);
      expect(server.seen).to.have.length(1);
      expect(second.seen).to.have.length(2);
    });

    it("at a URL that came back", async () => {
      server.answer(["drop", schemaAnswer]);
      second.answer(["drop", schemaAnswer]);
      expect((await connect({ url: [server.url, second.url] }).schemaById(1)).id).to.equal(1);
    });
  });

  describe("gives up", () => {
    it("when an answer takes too long", async () => {
      server.answer("hang");
      const error = await rejection(connect({ timeoutMs: 50, retries: 1 }).schemaById(1));
      expect(error.code).to.equal("registry_unreachable");
      expect(server.seen).to.have.length(2);
    });

    it("when nobody listens, naming the URL and the reason", async () => {
      const { url } = server;
      await server.close();
      const error = await rejection(connect({ retries: 0 }).schemaById(1));
      expect(error).to.include({ code: "registry_unreachable", retriable: true });
      expect(error.message).to.include(url).and.to.include("ECONNREFUSED");
    });

    it("when the caller calls it off, whether it waits for an answer or between tries", async () => {
      server.answer("hang");
      const hanging = new AbortController();
      const first = rejection(connect().lookup("s", avro("{}"), hanging.signal));
      setTimeout(() => hanging.abort(), 30);
      expect((await first).code).to.equal("aborted");

      server.answer({ status: 503 });
      const pausing = new AbortController();
      const later = rejection(
        connect({ retryBaseMs: 60_000, retryMaxMs: 60_000 }, { random: () => 1 }).hasSubject(
          "s",
          pausing.signal,
        ),
      );
      setTimeout(() => pausing.abort(), 30);
      expect((await later).code).to.equal("aborted");
    });

    it("when it is closed, also for everything asked afterwards", async () => {
      server.answer("hang");
      const registry = connect();
      const waiting = rejection(registry.hasSubject("s"));
      setTimeout(() => void registry.close(), 30);
      expect((await waiting).code).to.equal("closed");
      expect((await rejection(registry.schemaById(1))).code).to.equal("closed");
    });
  });

  describe("tells failures apart", () => {
    const cases = [
      [401, undefined, "registry_unauthorized"],
      [403, { error_code: 40301, message: "no" }, "registry_unauthorized"],
      [404, { error_code: 40403, message: "Schema 1 not found" }, "schema_not_found"],
      [404, { error_code: 40401 }, "schema_not_found"],
      [404, undefined, "registry_error"],
      [404, "<html>no such page</html>", "registry_error"],
      [404, { error_code: 404, message: "HTTP 404 Not Found" }, "registry_error"],
      [409, { error_code: 409, message: "incompatible" }, "schema_incompatible"],
      [409, { error_code: 40901 }, "schema_incompatible"],
      [409, "gibberish", "schema_incompatible"],
      [422, { error_code: 42201, message: "Invalid schema" }, "schema_invalid"],
      [422, { error_code: 42205, message: "read-only" }, "registry_error"],
      [400, undefined, "registry_error"],
    ] as const;
    for (const [status, body, code] of cases)
      it(`${status} with ${JSON.stringify(body)} is ${code}`, async () => {
        server.answer({ status, body });
        const error = await rejection(connect().register("orders-value", avro('"string"')));
        expect(error.code).to.equal(code);
        expect(error.message).to.include("orders-value");
        expect(error.details).to.include({ status });
      });

    it("and keeps what the other side says to one short line without our credentials", async () => {
      const pair = Buffer.from("alice:hunter22").toString("base64");
      const message = `denied\nINFO forged \u001b[31m for ${pair} hunter22 ${"x".repeat(5_000)}`;
      server.answer({ status: 403, body: { error_code: 40301, message } });
      const auth = { kind: "basic", username: "alice", password: "hunter22" } as const;
      const error = await rejection(connect({ auth }).schemaById(1));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point
      expect(error.message).to.not.match(/[\u0000-\u001f]/);
      expect(error.message.length).to.be.below(600);
      expect(JSON.stringify([error.message, error.details, signals]))
        .to.not.include("hunter22")
        .and.not.include(pair);
    });
  });

  describe("follows a redirect", () => {
    const auth = { kind: "bearer", token: "t0ken" } as const;

    it("on the same host with the credentials", async () => {
      server.answer([{ status: 307, headers: { location: "/moved/ids/1" } }, schemaAnswer]);
      await connect({ auth }).schemaById(1);
      expect(server.seen[1]).to.deep.include({ path: "/moved/ids/1" });
      expect(server.seen[1]?.headers.authorization).to.equal("Bearer t0ken");
    });

    it("to another host without them, body and method kept", async () => {
      server.answer({ status: 308, headers: { location: `${second.url}/there` } });
      second.answer({ status: 200, body: { id: 1, version: 1 } });
      await connect({ auth }).register("s", avro('"string"'));
      expect(second.seen[0]).to.deep.include({
        method: "POST",
        path: "/there",
        body: { schema: '"string"' },
      });
      expect(second.seen[0]?.headers.authorization).to.equal(undefined);
    });

    it("a few times only", async () => {
      server.answer({ status: 302, headers: { location: "/again" } });
      expect((await rejection(connect().schemaById(1))).code).to.equal("registry_error");
      expect(server.seen.length).to.be.below(10);
    });

    it("not when it would turn a registration into a question, nor away from HTTP", async () => {
      server.answer({ status: 302, headers: { location: `${second.url}/there` } });
      expect((await rejection(connect().register("s", avro("{}")))).code).to.equal("registry_error");
      expect(second.seen).to.have.length(0);
      server.answer({ status: 302, headers: { location: "file:///etc/passwd" } });
      expect((await rejection(connect().schemaById(1))).code).to.equal("registry_error");
    });
  });
});

function avro(schema: string) {
  return { type: "AVRO", schema, references: [] } as const;
}
