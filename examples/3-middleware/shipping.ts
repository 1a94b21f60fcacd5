// The stopwatch stands around every handler; the filter and the tighter deadline only around that of placed orders.
import { type App, type Consumer, filter, timeout } from "keryx";
import { OrderPlaced, orderEventsConsumer } from "../../generated/index.ts";
import { type Lap, stopwatch } from "./stopwatch.ts";

export interface Warehouse {
  pack(orderId: string, signal: AbortSignal): Promise<void>;
}

export function createShipping(app: App, warehouse: Warehouse, report: (lap: Lap) => void): Consumer {
  return orderEventsConsumer(
    app,
    { group: "shipping", middleware: [stopwatch(report)] },
    {
      orderPlaced: (event, delivery) => warehouse.pack(event.orderId, delivery.signal),
      orderCancelled: (_, delivery) => delivery.skip("nothing to unpack"),
    },
  ).use(
    OrderPlaced,
    timeout(2_000),
    filter(({ totalMinor }) => totalMinor > 0n, "nothing was bought"),
  );
}
