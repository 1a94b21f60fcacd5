import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServers } from "keryx/testing";
import { OrderCancelled, OrderPlaced } from "../../generated/index.ts";
import { createShipping } from "./shipping.ts";
import type { Lap } from "./stopwatch.ts";

test("every record has its lap, and only orders with something in them are packed", async () => {
  await using servers = await startTestServers();
  const packed: string[] = [];
  const laps: Lap[] = [];
  const app = await servers.connect();
  let isBusy = true;
  const pack = async (orderId: string): Promise<void> => {
    if (orderId === "o-2" && isBusy) {
      isBusy = false;
      throw new Error("the warehouse is busy");
    }
    packed.push(orderId);
  };
  await createShipping(app, { pack }, (lap) => laps.push(lap)).start();

  await servers.publish(OrderPlaced, { eventId: "e-1", orderId: "o-1", totalMinor: 4200n });
  await servers.publish(OrderPlaced, { eventId: "e-2", orderId: "o-2", totalMinor: 700n });
  await servers.publish(OrderPlaced, { eventId: "e-3", orderId: "o-3", totalMinor: 0n });
  await servers.publish(OrderCancelled, { eventId: "e-4", orderId: "o-1" });
  await servers.untilProcessed("shipping", { skipDelays: true });

  assert.deepEqual(packed.toSorted(), ["o-1", "o-2"]);
  const ended = laps.map(({ event, attempt, ended }) => `${event} ${attempt} ${ended}`);
  assert.deepEqual(ended.toSorted(), [
    "order.cancelled 1 skip",
    "order.placed 1 done",
    "order.placed 1 failed",
    "order.placed 1 skip",
    "order.placed 2 done",
  ]);
});
