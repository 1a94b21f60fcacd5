// Under mocha: one pair of servers for all tests of a file.
import assert from "node:assert/strict";
import type { KeryxApp } from "keryx";
import { startTestServers, type TestServers } from "keryx/testing";
import { OrderPlaced } from "../../generated/index.ts";
import { createBilling } from "./billing.ts";

describe("billing", () => {
  let servers: TestServers;
  let app: KeryxApp;
  let charged: string[] = [];

  before(async () => {
    servers = await startTestServers();
    app = await servers.connect();
    await createBilling(app, { charge: async (orderId) => void charged.push(orderId) }).start();
  });

  beforeEach(() => {
    charged = [];
  });

  afterEach(() => servers.assertFaultsFired());

  after(() => servers.close());

  it("dead-letters an order without a customer, with the reason", async () => {
    const value = { eventId: "e-1", orderId: "o-1", customerId: "", totalMinor: 100n };
    await servers.publish(OrderPlaced, value);
    await servers.untilProcessed("billing");

    const [letter] = await servers.records(OrderPlaced, { topic: "order-events-dlq" });
    assert.equal(letter?.value.orderId, "o-1");
    assert.equal(letter?.headers["keryx-failure-reason"], "nobody to charge");
    assert.deepEqual(charged, []);
  });

  it("charges an order whose acknowledgement was lost on the way to its publisher only once", async () => {
    servers.broker.faults.inject({ api: "Produce", topic: "order-events" }, { kind: "close", handled: true });
    const value = { eventId: "e-2", orderId: "o-2", customerId: "c-7", totalMinor: 100n };
    await servers.publish(OrderPlaced, value);
    await servers.untilProcessed("billing");

    assert.deepEqual(charged, ["o-2"]);
  });
});
