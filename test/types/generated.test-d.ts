// Compiled, never run: each `@ts-expect-error` fails the type check when the line below it compiles.
import type { App, ConsumerOptions } from "keryx/runtime/v1";
import {
  orderEventsConsumer,
  orderEventsProducer,
  PaymentCaptured,
  type PaymentCapturedInit,
  paymentEventsConsumer,
  paymentEventsProducer,
} from "../../generated/index.ts";

declare const app: App;
declare const options: ConsumerOptions;
declare const payment: PaymentCapturedInit;

const orders = orderEventsProducer(app);
const payments = paymentEventsProducer(app);

// A right payload, with and without options; every Protobuf field may be left out.
void orders.orderPlaced({ eventId: "e-1", orderId: "o-1" }, { correlationId: "c" });
void payments.paymentCaptured(payment);
void payments.paymentCaptured({ ...payment, settlementDate: null, feesMinor: [1n] });
void app.producer.send(PaymentCaptured, payment);

// @ts-expect-error a field of another type
void orders.orderPlaced({ orderId: 5 });
// @ts-expect-error a field that the message does not have
void orders.orderPlaced({ orderID: "o-1" });
// @ts-expect-error an Avro record lacks a required field
void payments.paymentCaptured({ orderId: "o-1" });
// @ts-expect-error a long is a bigint
void payments.paymentCaptured({ ...payment, feesMinor: [1] });
// @ts-expect-error a decimal is not a number
void payments.paymentCaptured({ ...payment, amount: 12.5 });
// @ts-expect-error a UUID is not any text
void payments.paymentCaptured({ ...payment, eventId: "some text" satisfies string as string });
// @ts-expect-error an enum has no such symbol
void payments.paymentCaptured({ ...payment, provider: "CASH" });
// @ts-expect-error a union has no such kind
void payments.paymentCaptured({ ...payment, instrument: { kind: "Cash", value: {} } });
// @ts-expect-error an event of another topic
void orders.paymentCaptured(payment);
// @ts-expect-error the value of another event
void app.producer.send(PaymentCaptured, { orderId: "o-1" });

orderEventsConsumer(app, options, {
  orderPlaced: (event, delivery) => (event.orderId === "" ? delivery.skip("no order") : undefined),
  async orderCancelled(_event, delivery) {
    return delivery.retry({ delayMs: 5 });
  },
  tombstone: (key) => void key,
});

// @ts-expect-error a handler is left out
orderEventsConsumer(app, options, { orderPlaced() {} });
orderEventsConsumer(app, options, {
  orderPlaced() {},
  orderCancelled() {},
  // @ts-expect-error no event of that name on this topic
  orderShipped() {},
});
paymentEventsConsumer(app, options, {
  paymentCaptured(event) {
    // @ts-expect-error decoded values are read-only
    event.orderId = "other";
    // @ts-expect-error a nullable field may be null
    event.settlementDate.length;
  },
  // @ts-expect-error an outcome is not any object
  paymentFailed: () => ({ kind: "whatever" }),
});
