import { randomUUID } from "node:crypto";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { OrderPlacedInit, PaymentCapturedInit, SystemAlertInit } from "../../generated/index.ts";

/** An order as a shop would publish it. */
export function order(orderId: string, eventId: string = randomUUID()): OrderPlacedInit {
  return {
    eventId,
    orderId,
    customerId: "c-7",
    customerEmail: "ada@example.com",
    currency: "EUR",
    totalMinor: 4200n,
    lines: [{ sku: "herald-staff", quantity: 1, unitPriceMinor: 4200n }],
    payment: { case: "invoiceNumber", value: "PO-1815" },
    labels: { channel: "web" },
    placedAt: timestampNow(),
  };
}

/** A payment as the provider confirms it. */
export function payment(orderId: string): PaymentCapturedInit {
  return {
    eventId: randomUUID(),
    orderId,
    paymentId: randomUUID(),
    amount: { unscaled: 4200n, scale: 2 },
    currency: "EUR",
    provider: "STRIPE",
    cardHolder: "Ada Lovelace",
    instrument: { kind: "Card", value: { brand: "Visa", lastDigits: "4242" } },
    capturedAt: new Date(),
  };
}

/** An alert of one machine; its topic keeps order on failure too. */
export function alert(source: string, summary: string): SystemAlertInit {
  return {
    alertId: randomUUID(),
    source,
    severity: "WARNING",
    summary,
    raisedAt: new Date(),
    attributes: { load: { kind: "double", value: 7.5 }, cores: { kind: "long", value: 2n }, rack: null },
  };
}
