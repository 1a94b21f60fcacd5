// The code under test: charges orders, and gives up on those without a customer.
import type { App, Consumer } from "keryx";
import { orderEventsConsumer } from "../../generated/index.ts";

export interface Charges {
  charge(orderId: string, cents: bigint): Promise<void>;
}

export function createBilling(app: App, charges: Charges): Consumer {
  return orderEventsConsumer(
    app,
    { group: "billing" },
    {
      async orderPlaced(event, delivery) {
        if (event.customerId === "") return delivery.deadLetter("nobody to charge");
        await charges.charge(event.orderId, event.totalMinor);
      },
      orderCancelled: (_, delivery) => delivery.skip("refunds are manual"),
    },
  );
}
