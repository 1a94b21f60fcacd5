// The first terminal: handles orders until Ctrl-C. The name of the group may be given.
import { connect, type Delivery } from "keryx";
import { orderEventsConsumer } from "../../generated/index.ts";

const [group = "billing"] = process.argv.slice(2);

const app = await connect({
  clientId: "first-event-consumer",
  createTopics: true, // a service in production finds its topics there
  handleSignals: true, // Ctrl-C: finish what runs, commit, leave the group
  logging: { level: "error" },
});

const where = (delivery: Delivery): string => `attempt ${delivery.attempt}, read from ${delivery.topic}`;

const consumer = orderEventsConsumer(
  app,
  { group, from: "latest" },
  {
    orderPlaced(event, delivery) {
      if (event.orderId === "o-2" && delivery.attempt === 1) {
        console.log(`failed  ${event.orderId}: the warehouse is busy (${where(delivery)})`);
        throw new Error("the warehouse is busy");
      }
      console.log(`handled ${event.orderId}: ${event.totalMinor} cents (${where(delivery)})`);
    },
    orderCancelled(event, delivery) {
      console.log(`skipped ${event.orderId}: refunds are manual (${where(delivery)})`);
      return delivery.skip("refunds are manual");
    },
  },
);

await consumer.start();
console.log(`${group} waits for orders; Ctrl-C ends it`);
