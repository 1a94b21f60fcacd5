// Under node:test: a server per test, closed by `await using`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServers } from "keryx/testing";
import { OrderPlaced } from "../../generated/index.ts";
import { createBilling } from "./billing.ts";

const order = { eventId: "e-1", orderId: "o-1", customerId: "c-7", totalMinor: 4200n };

test("an order is charged once, however often it is published", async () => {
  await using servers = await startTestServers();
  const charged: string[] = [];
  const app = await servers.connect();
  await createBilling(app, { charge: async (orderId) => void charged.push(orderId) }).start();

  await servers.publish(OrderPlaced, order);
  await servers.publish(OrderPlaced, order);
  await servers.untilProcessed("billing");

  assert.deepEqual(charged, ["o-1"]);
});

test("a charge that fails is tried again, without the test waiting for the delay", async () => {
  await using servers = await startTestServers();
  let calls = 0;
  const app = await servers.connect();
  const charge = async (): Promise<void> => {
    if (++calls < 3) throw new Error("the bank does not answer");
  };
  await createBilling(app, { charge }).start();

  await servers.publish(OrderPlaced, order);
  await servers.untilProcessed("billing", { skipDelays: true });

  assert.equal(calls, 3);
  assert.deepEqual(await servers.records(OrderPlaced, { topic: "order-events-dlq" }), []);
});
