import { expect } from "chai";
import { KeryxError } from "../../src/core/errors.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import type { RegistryOptions } from "../../src/registry/options.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import { avroText, embeddedRegistries, idField, type RawRegistry } from "../support/embedded-registry.ts";
import { createManualClock } from "../support/manual-clock.ts";

const observe = (): void => {};
const first = { schema: avroText("Paid", idField) };
const route = "/schemas/ids/{id}";

describe("Faults of the embedded registry", () => {
  const start = embeddedRegistries();
  let registry: RawRegistry;
  let clients: SchemaRegistry[] = [];
  const connect = (options: Partial<RegistryOptions> = {}): SchemaRegistry => {
    // Retries wait for nothing.
    const client = createHttpRegistry({ url: registry.server.url, ...options }, observe, { random: () => 0 });
    clients.push(client);
    return client;
  };
  const gets = (): number => registry.server.requests({ route }).length;
  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "no error",
      (error: unknown) => (error instanceof KeryxError ? error.code : error),
    );
  beforeEach(async () => {
    registry = await start();
    await registry.register("s", first);
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    clients = [];
  });

  it("show that 500 cold readers of one id make one GET", async () => {
    const held = registry.server.faults.inject({ route }, { kind: "hold" });
    const client = connect();
    const asked = Promise.all(Array.from({ length: 500 }, () => client.schemaById(1)));
    while (held.hits === 0) await new Promise((resolve) => setImmediate(resolve));
    held.release();
    expect(new Set(await asked).size).to.equal(1);
    expect(gets()).to.equal(1);
  });

  for (const status of [429, 503])
    it(`let a client try ${status} again until the registry answers`, async () => {
      registry.server.faults.inject({ route }, { kind: "status", status, code: 50002 }, { times: 2 });
      expect((await connect().schemaById(1)).id).to.equal(1);
      expect(registry.server.requests({ route }).map((one) => one.status)).to.deep.equal([
        status,
        status,
        200,
      ]);
    });

  it("are not remembered as a success", async () => {
    registry.server.faults.inject({ route }, { kind: "status", status: 500 });
    const client = connect({ retries: 0 });
    expect(await codeOf(client.schemaById(1))).to.equal("registry_unreachable");
    expect((await client.schemaById(1)).id).to.equal(1);
  });

  it("tell a registry's 404 from a proxy's: the one is remembered for a while, the other not", async () => {
    const client = connect({ retries: 0 });
    expect(await codeOf(client.schemaById(7))).to.equal("schema_not_found");
    expect(await codeOf(client.schemaById(7))).to.equal("schema_not_found");
    expect(gets()).to.equal(1);
    registry.server.faults.inject({ route }, { kind: "status", status: 404 });
    expect(await codeOf(client.schemaById(1))).to.equal("registry_error");
    expect((await client.schemaById(1)).id).to.equal(1);
  });

  it("send a client with several URLs to the next one, but not for an answer", async () => {
    const other = await start();
    await other.register("s", first);
    const client = connect({ url: [registry.server.url, other.server.url] });
    registry.server.faults.inject({ route }, { kind: "close", handled: false }, { times: 10 });
    expect((await client.schemaById(1)).id).to.equal(1);
    expect(other.server.requests({ route })).to.have.length(1);
  });

  it("leave a warm client alone during an outage", async () => {
    const client = connect({ retries: 0 });
    await client.schemaById(1);
    await registry.server.close();
    expect((await client.schemaById(1)).id).to.equal(1);
    expect(await codeOf(client.schemaById(2))).to.equal("registry_unreachable");
  });

  it("may close the connection behind a request that was handled", async () => {
    const place = { method: "POST", route: "/subjects/{subject}/versions", subject: "t" };
    registry.server.faults.inject(place, { kind: "close", handled: true });
    registry.server.faults.inject({ ...place, subject: "u" }, { kind: "close", handled: false });
    for (const subject of ["t", "u"])
      expect(
        await registry.post(`/subjects/${subject}/versions`, first).catch((error: Error) => error.message),
      ).to.equal("fetch failed");
    expect((await registry.get("/subjects")).body).to.deep.equal(["s", "t"]);
  });

  it("wait on the clock that the registry was given", async () => {
    const clock = createManualClock();
    const slow = await start({ clock });
    const delay = slow.server.faults.inject({}, { kind: "delay", delayMs: 60_000 });
    let isAnswered = false;
    const asked = slow.get("/subjects").then(() => {
      isAnswered = true;
    });
    while (delay.hits === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).to.equal(false);
    await clock.advance(60_000);
    await asked;
  });

  it("pick the nth request, carry headers, and are known as unused until they fire", async () => {
    const effect = { kind: "status", status: 429, headers: { "retry-after": "7" } } as const;
    const match = { method: "GET", route: "/subjects", nth: 2 };
    registry.server.faults.inject(match, effect);
    expect(registry.server.faults.unused()).to.deep.equal([{ match, effect }]);
    const statuses: unknown[] = [];
    for (let at = 0; at < 3; at++) {
      const response = await fetch(`${registry.server.url}/subjects`);
      statuses.push([response.status, response.headers.get("retry-after")]);
      await response.text();
    }
    expect(statuses).to.deep.equal([
      [200, null],
      [429, "7"],
      [200, null],
    ]);
    expect(registry.server.faults.unused()).to.deep.equal([]);
    registry.server.faults.inject({}, { kind: "status", status: 500 });
    registry.server.faults.clear();
    expect((await registry.get("/subjects")).status).to.equal(200);
  });
});
