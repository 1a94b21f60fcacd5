import { expect } from "chai";
import { startTestServers, type TestServers, type TestServersOptions } from "keryx/testing";
import { OrderCancelled, OrderPlaced } from "../../../generated/index.ts";
import type { KeryxError } from "../../../src/core/errors.ts";

const order = (orderId: string) => ({ eventId: `e-${orderId}`, orderId, customerId: "c-1", totalMinor: 1n });

describe("keryx/testing", function () {
  this.timeout(30_000);
  const open: TestServers[] = [];
  afterEach(() => Promise.all(open.splice(0).map((servers) => servers.close())));

  const start = async (options: TestServersOptions = {}): Promise<TestServers> => {
    const servers = await startTestServers(options);
    open.push(servers);
    return servers;
  };
  const failure = async (work: Promise<unknown>): Promise<KeryxError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error, "it did not fail").to.not.equal(undefined);
    return error as KeryxError;
  };

  it("waits until every record is handled and committed, retries and dead letters included", async () => {
    const servers = await start({ broker: { topics: [{ name: "order-events", partitions: 3 }] } });
    const app = await servers.connect();
    const attempts = new Map<string, number>();
    await app
      .consumer({ group: "billing", retryDelaysMs: [60_000, 3_600_000] })
      .on(OrderPlaced, ({ orderId }, { attempt }) => {
        attempts.set(orderId, attempt);
        if (orderId === "o-1" || (orderId === "o-2" && attempt === 1)) throw new Error("declined");
      })
      .start();
    for (const id of ["o-1", "o-2", "o-3"]) await servers.publish(OrderPlaced, order(id));
    await servers.untilProcessed("billing", { skipDelays: true });
    expect(Object.fromEntries(attempts)).to.deep.equal({ "o-1": 3, "o-2": 2, "o-3": 1 });
    const [letter, ...others] = await servers.records(OrderPlaced, { topic: "order-events-dlq" });
    expect(others).to.deep.equal([]);
    expect(letter?.value.orderId).to.equal("o-1");
    expect(letter?.headers).to.include({ "keryx-attempt-count": "3" });
    const lag = [...servers.broker.lag("billing"), ...servers.broker.lag("billing-retry")];
    expect(lag.filter(({ committed, end }) => end > (committed ?? 0))).to.deep.equal([]);
    expect(lag.some(({ topic }) => topic === "order-events-retry-2")).to.equal(true);
  });

  it("gives up with what is left, and with a group that never came", async () => {
    const servers = await start();
    const app = await servers.connect();
    await servers.publish(OrderPlaced, order("o-1"));
    const nobody = await failure(servers.untilProcessed("nobody", { timeoutMs: 20 }));
    expect(nobody).to.include({ code: "expectation_failed" });
    expect(nobody.message).to.include("no member and no offsets");
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await app
      .consumer({ group: "slow" })
      .on(OrderPlaced, () => held)
      .start();
    const slow = await failure(servers.untilProcessed("slow", { timeoutMs: 100 }));
    expect(slow.message).to.match(/order-events\/0 is at (no offset|0) of 1/);
    release();
    await servers.untilProcessed("slow");
  });

  it("reads the records of one event, whatever else lies on the topic and however it is compressed", async () => {
    const servers = await start();
    const app = await servers.connect({ producer: { compression: "lz4" } });
    await app.producer.send(OrderPlaced, order("o-1"), { headers: { tenant: "t-1" } });
    await app.producer.send(OrderCancelled, { eventId: "e-9", orderId: "o-9", customerId: "c-1" });
    servers.broker.seed("order-events", [{ key: Buffer.from("k"), value: Buffer.from("poison") }]);
    servers.broker.seed("order-events", [{ key: Buffer.from("k"), value: null }]);
    const [record, ...others] = await servers.records(OrderPlaced);
    expect(others).to.deep.equal([]);
    expect(record?.value).to.include({ orderId: "o-1", totalMinor: 1n });
    expect(record).to.include({ key: "o-1", partition: 0, offset: 0n });
    expect(record?.headers).to.include({ tenant: "t-1", "event-type": "order.placed" });
  });

  it("injects faults into both servers, and fails for those that never fired", async () => {
    const servers = await start();
    servers.registry.faults.inject({ method: "POST" }, { kind: "status", status: 503 });
    servers.broker.faults.inject({ api: "Produce" }, { kind: "error", code: 6 });
    expect(() => servers.assertFaultsFired()).to.throw(/Produce[\s\S]*503|503[\s\S]*Produce/);
    await servers.publish(OrderPlaced, order("o-1"));
    servers.assertFaultsFired();
    expect(await servers.records(OrderPlaced)).to.have.length(1);
  });

  it("moves the servers' time on: a session of an hour ends at once", async () => {
    const servers = await start({ broker: { initialRebalanceDelayMs: 0 } });
    const app = await servers.connect();
    await app
      .consumer({ group: "billing" })
      .on(OrderPlaced, () => {})
      .start();
    const before = servers.broker.group("billing");
    expect(before?.members).to.have.length(1);
    await servers.serverClock.advance(3_600_000);
    expect(servers.broker.group("billing")?.generation).to.be.greaterThan(before?.generation ?? 0);
  });

  it("servers of two tests know nothing of each other, and neither does the environment", async () => {
    const [one, other] = [await start(), await start()];
    process.env["KERYX__BROKERS"] = "127.0.0.1:1";
    try {
      await one.publish(OrderPlaced, order("o-1"));
    } finally {
      delete process.env["KERYX__BROKERS"];
    }
    expect(one.broker.records("order-events")).to.have.length(1);
    expect(other.broker.records("order-events")).to.deep.equal([]);
    expect(await (await fetch(`${other.registryUrl}/subjects`)).json()).to.deep.equal([]);
  });

  it("closes apps and servers, held requests or not, and twice without harm", async () => {
    const servers = await startTestServers();
    servers.broker.faults.inject({ api: "Produce" }, { kind: "hold" });
    const sending = servers.publish(OrderPlaced, order("o-1")).catch((error: KeryxError) => error.code);
    while (servers.broker.faults.unused().length > 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([servers.close(), servers[Symbol.asyncDispose]()]);
    await sending;
    const refused = await fetch(servers.registryUrl).catch((error: Error) => error.message);
    expect(refused).to.equal("fetch failed");
    expect((await failure(servers.connect())).code).to.equal("closed");
  });
});
