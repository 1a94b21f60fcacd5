import type { App, Consumer, Delivery } from "keryx";
import {
  apiEventsConsumer,
  authEventsConsumer,
  errorEventsConsumer,
  orderEventsConsumer,
  paymentEventsConsumer,
  systemEventsConsumer,
  userEventsConsumer,
} from "../../generated/index.ts";
import { tell, yellow } from "./story.ts";

/** What the story can change about its consumers while they run. */
export interface Cast {
  readonly consumers: readonly Consumer[];
  /** The defect that exhausts orders and payments is mended. */
  mend(): void;
}

/** Every topic's consumer, with handlers that work, stumble, refuse and fail. */
export function createCast(app: App, group: string): Cast {
  // Nothing of earlier stories on the same servers: a group without commits begins at the end.
  const options = { group, from: "latest", createTopics: true } as const;
  const handled = (what: string, delivery: Delivery<unknown>): void =>
    tell(`handled  ${what} ${place(delivery)}`);
  const stumble = (what: string, reason: string, delivery: Delivery<unknown>): never => {
    tell(yellow(`failed   ${what} ${place(delivery)}: ${reason}`));
    throw new Error(reason);
  };
  let isMended = false;

  const orders = orderEventsConsumer(app, options, {
    orderPlaced(event, delivery) {
      const what = `order ${event.orderId}`;
      if (event.orderId === "o-2" && delivery.attempt < 3) stumble(what, "the warehouse is busy", delivery);
      if (event.orderId === "o-3" && !isMended) stumble(what, "no such warehouse", delivery);
      handled(`${what}, ${event.totalMinor} cents`, delivery);
    },
    orderCancelled(event, delivery) {
      tell(`skipped  cancellation of ${event.orderId}: refunds are manual`);
      return delivery.skip("refunds are manual");
    },
  });

  const payments = paymentEventsConsumer(app, options, {
    paymentCaptured(event, delivery) {
      const what = `payment for ${event.orderId}`;
      if (!isMended) stumble(what, "the ledger is closed", delivery);
      handled(`${what}, ${event.amount.unscaled} of scale ${event.amount.scale}`, delivery);
    },
    paymentFailed: (event, delivery) => handled(`failed payment, ${event.reason}`, delivery),
  });

  const users = userEventsConsumer(app, options, {
    userRegistered: (event, delivery) => handled(`registration of ${event.userId}`, delivery),
    userLoggedIn: (event, delivery) => handled(`login of ${event.userId}`, delivery),
    userLoggedOut: (event, delivery) => handled(`logout of ${event.userId}`, delivery),
    tombstone: (key, delivery) => handled(`tombstone of ${key}`, delivery),
  });

  let alertFailures = 0;
  const system = systemEventsConsumer(app, options, {
    systemAlert(event, delivery) {
      if (event.summary === "load is high" && alertFailures++ === 0)
        stumble(`alert "${event.summary}"`, "the pager did not answer", delivery);
      handled(`alert "${event.summary}"`, delivery);
    },
  });

  const auth = authEventsConsumer(app, options, {
    tokenRefreshed: (event, delivery) => handled(`token of ${event.userId}`, delivery),
  });
  const api = apiEventsConsumer(app, options, {
    apiRequest: (event, delivery) => handled(`${event.method} ${event.path}`, delivery),
  });
  const errors = errorEventsConsumer(app, options, {
    apiError: (event, delivery) => handled(`error ${event.code}`, delivery),
  });

  return {
    consumers: [orders, payments, users, system, auth, api, errors],
    mend() {
      isMended = true;
    },
  };
}

const place = ({ attempt, stage }: Delivery<unknown>): string => `(attempt ${attempt}, ${stage})`;
