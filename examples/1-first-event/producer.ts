// The second terminal: publishes two orders, one of them twice by mistake, and a cancellation.
import { randomUUID } from "node:crypto";
import { connect, type SendResult } from "keryx";
import { type OrderPlacedInit, orderEventsProducer } from "../../generated/index.ts";

const app = await connect({
  clientId: "first-event-producer",
  createTopics: true, // a service in production finds its topics there
  logging: { level: "error" },
});

const say = (what: string, { topic, partition, offset, messageId }: SendResult): void =>
  console.log(`published ${what} → ${topic}/${partition}/${offset}, id ${messageId}`);

const first: OrderPlacedInit = {
  eventId: randomUUID(),
  orderId: "o-1",
  customerId: "c-7",
  totalMinor: 4200n,
};

try {
  const orders = orderEventsProducer(app);
  say("o-1", await orders.orderPlaced(first));
  say("o-1 again", await orders.orderPlaced(first));
  say("o-2", await orders.orderPlaced({ ...first, eventId: randomUUID(), orderId: "o-2", totalMinor: 700n }));
  say(
    "cancellation of o-1",
    await orders.orderCancelled({ eventId: randomUUID(), orderId: "o-1", customerId: "c-7" }),
  );
} finally {
  await app.close();
}
