import { randomUUID } from "node:crypto";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { App, SendResult } from "keryx";
import {
  type ApiEventsProducer,
  type AuthEventsProducer,
  apiEventsProducer,
  authEventsProducer,
  type ErrorEventsProducer,
  errorEventsProducer,
  type OrderEventsProducer,
  orderEventsProducer,
  type PaymentEventsProducer,
  paymentEventsProducer,
  type SystemEventsProducer,
  systemEventsProducer,
  type UserEventsProducer,
  userEventsProducer,
} from "../../generated/index.ts";
import { tell } from "./story.ts";
import { alert, order, payment } from "./values.ts";

/** The producers of every sample topic. */
export interface Producers {
  readonly orders: OrderEventsProducer;
  readonly payments: PaymentEventsProducer;
  readonly users: UserEventsProducer;
  readonly auth: AuthEventsProducer;
  readonly api: ApiEventsProducer;
  readonly errors: ErrorEventsProducer;
  readonly system: SystemEventsProducer;
}

export function openProducers(app: App): Producers {
  return {
    orders: orderEventsProducer(app),
    payments: paymentEventsProducer(app),
    users: userEventsProducer(app),
    auth: authEventsProducer(app),
    api: apiEventsProducer(app),
    errors: errorEventsProducer(app),
    system: systemEventsProducer(app),
  };
}

/** Publishes every sample event, some of them to fail; returns how many records were acknowledged. */
export async function publishEverything(producers: Producers): Promise<number> {
  const { orders, payments, users, auth, api, errors, system } = producers;
  let published = 0;

  const say = async (what: string, sending: Promise<SendResult>): Promise<void> => {
    const { topic, partition, offset } = await sending;
    published++;
    tell(`published ${what} → ${topic}/${partition}/${offset}`);
  };

  const first = order("o-1");
  await say("order.placed o-1", orders.orderPlaced(first));
  await say("order.placed o-1 once more, same id", orders.orderPlaced(first));
  await say("order.placed o-2, will stumble twice", orders.orderPlaced(order("o-2")));
  await say("order.placed o-3, will exhaust its attempts", orders.orderPlaced(order("o-3")));
  await say(
    "order.cancelled o-4",
    orders.orderCancelled({
      eventId: randomUUID(),
      orderId: "o-4",
      customerId: "c-7",
      cancelledBy: { case: "rule", value: "payment-timeout" },
      refundMinor: 4200n,
      cancelledAt: timestampNow(),
    }),
  );
  await say("payment.captured o-5, will exhaust its attempts", payments.paymentCaptured(payment("o-5")));
  await say(
    "payment.failed o-6",
    payments.paymentFailed({
      eventId: randomUUID(),
      orderId: "o-6",
      amount: { unscaled: 990n, scale: 2 },
      currency: "EUR",
      reason: "DECLINED",
      providerAnswer: { kind: "int", value: 51 },
      failedAt: new Date(),
    }),
  );
  const user = { userId: "u-1", sessionId: "s-1" };
  await say(
    "user.registered",
    users.userRegistered({
      eventId: randomUUID(),
      userId: "u-1",
      email: "ada@example.com",
      displayName: "Ada",
      registeredAt: timestampNow(),
    }),
  );
  await say(
    "user.logged_in",
    users.userLoggedIn({ ...user, eventId: randomUUID(), loggedInAt: timestampNow() }),
  );
  await say(
    "user.logged_out",
    users.userLoggedOut({ ...user, eventId: randomUUID(), loggedOutAt: timestampNow() }),
  );
  await say("tombstone u-1", users.tombstone("u-1"));
  await say(
    "user.token_refreshed",
    auth.tokenRefreshed({
      eventId: randomUUID(),
      userId: "u-1",
      clientId: "web",
      tokenId: "t-1",
      scopes: ["orders:read"],
    }),
  );
  await say(
    "api.request",
    api.apiRequest({
      requestId: randomUUID(),
      clientId: "web",
      method: "GET",
      path: "/orders/{id}",
      status: 200,
      durationMs: 12.5,
      receivedAt: BigInt(Date.now()) * 1000n,
    }),
  );
  await say(
    "api.error",
    errors.apiError({
      errorId: randomUUID(),
      service: "orders",
      code: "upstream_timeout",
      message: "the warehouse did not answer",
      occurredAt: new Date(),
      stackHash: new Uint8Array(16),
    }),
  );
  await say(
    "system.alert, will stumble once and keep its order",
    system.systemAlert(alert("db-1", "load is high")),
  );
  await say("system.alert", system.systemAlert(alert("db-1", "load is normal")));
  return published;
}
