import { expect } from "chai";
import type { Signal } from "../../../src/core/signals.ts";
import { createHttpRegistry } from "../../../src/registry/http.ts";
import type { RegistryOptions } from "../../../src/registry/options.ts";
import type { SchemaRegistry } from "../../../src/registry/port.ts";
import { type FaultServer, type Reply, startFaultServer } from "../../support/fault-server.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { rejection } from "./rejection.ts";

const found: Reply = { status: 200, body: { schema: '"string"' } };
const notFound: Reply = { status: 404, body: { error_code: 40403, message: "Schema not found" } };

describe("Schema cache", () => {
  let server: FaultServer;
  let clock: ManualClock;
  let open: SchemaRegistry[];
  let signals: Signal[];
  const connect = (options: Partial<RegistryOptions> = {}): SchemaRegistry => {
    const observe = (signal: Signal): void => void signals.push(signal);
    const registry = createHttpRegistry({ url: server.url, retries: 0, ...options }, observe, { clock });
    open.push(registry);
    return registry;
  };
  beforeEach(async () => {
    server = await startFaultServer();
    clock = createManualClock();
    open = [];
    signals = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((registry) => registry.close()));
    await server.close();
  });
  /** Waits for so many requests, and a little longer for one too many. */
  const expectRequests = async (count: number): Promise<void> => {
    const deadline = Date.now() + 15_000;
    while (server.seen.length < count && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(server.seen).to.have.length(count);
    // The answers must be read before time moves on: the pause begins when one has come.
    while (clock.delays.length < count && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it("makes one request for 500 concurrent callers of one id", async () => {
    server.answer({ ...found, delayMs: 30 });
    const registry = connect();
    const schemas = await Promise.all(Array.from({ length: 500 }, () => registry.schemaById(9)));
    expect(server.seen).to.have.length(1);
    expect(new Set(schemas).size).to.equal(1);
  });

  it("has a schema at hand without I/O once it was fetched", async () => {
    server.answer(found);
    const registry = connect();
    expect(registry.cachedSchema(9)).to.equal(undefined);
    const schema = await registry.schemaById(9);
    expect(registry.cachedSchema(9)).to.equal(schema);
    await registry.schemaById(9);
    expect(server.seen).to.have.length(1);
    expect(signals).to.deep.equal([
      { kind: "schema.cache", hit: false },
      { kind: "schema.cache", hit: true },
    ]);
  });

  it("keeps answering while the registry is away", async () => {
    server.answer(found);
    const registry = connect();
    await registry.schemaById(9);
    server.answer("drop");
    expect((await registry.schemaById(9)).id).to.equal(9);
    expect((await rejection(registry.schemaById(10))).code).to.equal("registry_unreachable");
  });

  it("does not remember a failure: every waiting caller gets it, the next one asks again", async () => {
    server.answer(["drop", found]);
    const registry = connect();
    const errors = await Promise.all([rejection(registry.schemaById(9)), rejection(registry.schemaById(9))]);
    expect(errors.map((error) => error.code)).to.deep.equal(["registry_unreachable", "registry_unreachable"]);
    expect(server.seen).to.have.length(1);
    expect((await registry.schemaById(9)).id).to.equal(9);
  });

  it("remembers for 30 seconds that the registry has no such schema", async () => {
    server.answer(notFound);
    const registry = connect();
    expect((await rejection(registry.schemaById(9))).code).to.equal("schema_not_found");
    await clock.advance(29_999);
    expect((await rejection(registry.schemaById(9))).code).to.equal("schema_not_found");
    expect(server.seen).to.have.length(1);
    server.answer(found);
    await clock.advance(1);
    expect((await registry.schemaById(9)).id).to.equal(9);
  });

  it("does not remember a 404 that a proxy gave", async () => {
    server.answer({ status: 404, body: "<html>no upstream</html>" });
    const registry = connect();
    expect((await rejection(registry.schemaById(9))).code).to.equal("registry_error");
    server.answer(found);
    expect((await registry.schemaById(9)).id).to.equal(9);
  });

  it("asks past everything that it remembers when told to", async () => {
    server.answer(notFound);
    const registry = connect();
    await rejection(registry.schemaById(9));
    server.answer(found);
    expect((await registry.schemaById(9, { fresh: true })).id).to.equal(9);
    await registry.schemaById(9, { fresh: true });
    expect(server.seen).to.have.length(3);
    await registry.schemaById(9);
    expect(server.seen).to.have.length(3);
  });

  it("drops the schema that was used longest ago", async () => {
    server.answer(found);
    const registry = connect({ maxCachedSchemas: 2 });
    await registry.schemaById(1);
    await registry.schemaById(2);
    registry.cachedSchema(1);
    await registry.schemaById(3);
    expect(registry.cachedSchema(1)?.id).to.equal(1);
    expect(registry.cachedSchema(2)).to.equal(undefined);
  });

  it("lets one caller give up without taking the schema from the others", async () => {
    server.answer({ ...found, delayMs: 60 });
    const registry = connect();
    const leaving = new AbortController();
    const left = rejection(registry.schemaById(9, { signal: leaving.signal }));
    const stayed = registry.schemaById(9);
    leaving.abort();
    expect((await left).code).to.equal("aborted");
    expect((await stayed).id).to.equal(9);
    const late = rejection(registry.schemaById(10, { signal: leaving.signal }));
    expect((await late).code).to.equal("aborted");
  });

  it("asks for at most five unknown ids a second, however many are wanted", async () => {
    server.answer(notFound);
    const registry = connect();
    const asked = Array.from({ length: 12 }, (_, id) => rejection(registry.schemaById(id + 1)));
    await expectRequests(5);
    await clock.advance(999);
    await expectRequests(5);
    await clock.advance(1);
    await expectRequests(10);
    await clock.advance(1_000);
    await Promise.all(asked);
    expect(server.seen).to.have.length(12);
  });

  it("is not slowed down by ids that exist", async () => {
    server.answer(found);
    const registry = connect();
    await Promise.all(Array.from({ length: 40 }, (_, id) => registry.schemaById(id + 1)));
    expect(server.seen).to.have.length(40);
    expect(clock.delays).to.have.length(0);
  });

  it("refuses what waits for its turn when it is closed", async () => {
    server.answer(notFound);
    const registry = connect({ maxLookupsPerSecond: 0.5 });
    await rejection(registry.schemaById(1));
    const waiting = rejection(registry.schemaById(2));
    expect(clock.delays).to.deep.equal([2_000]);
    await registry.close();
    expect((await waiting).code).to.equal("closed");
    expect((await rejection(registry.schemaById(3))).code).to.equal("closed");
  });
});
