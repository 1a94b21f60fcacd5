// One value of every sample event, in our shape and as an independent decoder gives it.
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { EventType } from "keryx";
import { localDate } from "keryx/runtime/v1";
import {
  ApiError,
  type ApiErrorInit,
  ApiRequest,
  type ApiRequestInit,
  OrderCancelled,
  type OrderCancelledInit,
  OrderPlaced,
  type OrderPlacedInit,
  PaymentCaptured,
  type PaymentCapturedInit,
  PaymentFailed,
  type PaymentFailedInit,
  SystemAlert,
  type SystemAlertInit,
  TokenRefreshed,
  type TokenRefreshedInit,
  UserLoggedIn,
  type UserLoggedInInit,
  UserLoggedOut,
  type UserLoggedOutInit,
  UserRegistered,
  type UserRegisteredInit,
} from "../../generated/index.ts";

/** A sample event with a value for it, and that value as plain data of the decoder that judges it. */
export interface Sample {
  readonly event: EventType;
  /** Name of the producer's and the handlers' method. */
  readonly method: string;
  readonly init: object;
  /** protobufjs: longs as text, enums as numbers. avsc: plain numbers, buffers for decimals. */
  readonly independent: object;
}

const ms = 1_790_000_000_123;
const time = { seconds: "1790000000", nanos: 123_000_000 };
const id = "0b8f6c1e-5f0a-4d7c-9a51-3a9f7f0c2e11";
const otherId = "6f1f9a52-10d5-4a5b-8c0e-0e6a3c1d9b22";

const sample = <Value, Init extends object>(
  event: EventType<Value, Init>,
  method: string,
  init: Init,
  independent: object,
): Sample => ({
  event: event as EventType,
  method,
  init,
  independent,
});

const placed: OrderPlacedInit = {
  eventId: id,
  orderId: "o-1",
  customerId: "c-ü",
  customerEmail: "ada@example.com",
  currency: "EUR",
  totalMinor: 9_007_199_254_740_993n,
  lines: [{ sku: "s-1", quantity: 2, unitPriceMinor: -1n, discountsMinor: { summer: 5n } }],
  payment: { case: "card", value: { token: "t", brand: "Visa", lastDigits: "4242" } },
  labels: { channel: "web", "": "empty name" },
  placedAt: timestampFromMs(ms),
  note: "",
};

const cancelled: OrderCancelledInit = {
  eventId: id,
  orderId: "o-2",
  cancelledBy: { case: "customerReason", value: "too late" },
  lines: [{ sku: "s-1", quantity: 1 }],
  refundMinor: 42n,
  cancelledAt: timestampFromMs(ms),
};

const registered: UserRegisteredInit = {
  eventId: id,
  userId: "u-1",
  email: "ada@example.com",
  displayName: "Ada",
  registeredAt: timestampFromMs(ms),
  locale: "pt-BR",
  referrerId: "u-0",
  consents: { newsletter: 3 },
};

const loggedIn: UserLoggedInInit = {
  eventId: id,
  userId: "u-1",
  sessionId: "s",
  loggedInAt: timestampFromMs(ms),
  method: 2,
  ipAddress: "::1",
  newDevice: true,
};
const loggedOut: UserLoggedOutInit = {
  eventId: id,
  userId: "u-1",
  sessionId: "s",
  loggedOutAt: timestampFromMs(ms),
  reason: 3,
  sessionLength: { seconds: 61n, nanos: 5 },
};

const refreshed: TokenRefreshedInit = {
  eventId: id,
  userId: "u-1",
  clientId: "web",
  tokenId: "t-1",
  scopes: ["orders:read", ""],
  refreshedAt: timestampFromMs(ms),
  refreshCount: 4_294_967_295,
};

const request: ApiRequestInit = {
  requestId: id,
  clientId: "web",
  method: "PATCH",
  path: "/orders/{id}",
  status: -1,
  durationMs: 0.1,
  responseBytes: 4_503_599_627_370_497n,
  receivedAt: 1_790_000_000_123_456n,
  remoteAddress: "203.0.113.1",
  queryParameters: { page: "1" },
};

const failure: ApiErrorInit = {
  errorId: id,
  service: "orders",
  code: "upstream_timeout",
  message: "späť",
  occurredAt: new Date(ms),
  cause: { code: "a", message: "b", cause: { code: "c", message: "d" } },
  stackHash: Uint8Array.from({ length: 16 }, (_, index) => index),
};

const alert: SystemAlertInit = {
  alertId: id,
  source: "db-1",
  severity: "CRITICAL",
  summary: "disk",
  raisedAt: new Date(ms),
  attributes: {
    full: { kind: "boolean", value: true },
    used: { kind: "long", value: -7n },
    share: { kind: "double", value: 0.5 },
    mount: { kind: "string", value: "/data" },
    owner: null,
  },
};

const captured: PaymentCapturedInit = {
  eventId: id,
  orderId: "o-1",
  paymentId: otherId,
  amount: { unscaled: -4_200n, scale: 2 },
  currency: "EUR",
  provider: "SEPA",
  cardHolder: "Ada",
  instrument: { kind: "BankAccount", value: { iban: "DE00", bankName: "B" } },
  capturedAt: new Date(ms),
  settlementDate: localDate("2026-09-22"),
  feesMinor: [1n, -1n],
};

const failed: PaymentFailedInit = {
  eventId: id,
  orderId: "o-1",
  amount: { unscaled: 127n, scale: 2 },
  currency: "EUR",
  reason: "DECLINED",
  providerAnswer: { kind: "int", value: 51 },
  failedAt: new Date(ms),
};

export const samples: readonly Sample[] = [
  sample(OrderPlaced, "orderPlaced", placed, {
    ...placed,
    totalMinor: "9007199254740993",
    lines: [{ sku: "s-1", quantity: 2, unitPriceMinor: "-1", discountsMinor: { summer: "5" } }],
    payment: undefined,
    card: { token: "t", brand: "Visa", lastDigits: "4242" },
    placedAt: time,
  }),
  sample(OrderCancelled, "orderCancelled", cancelled, {
    ...cancelled,
    cancelledBy: undefined,
    customerReason: "too late",
    refundMinor: "42",
    cancelledAt: time,
  }),
  sample(UserRegistered, "userRegistered", registered, { ...registered, registeredAt: time }),
  sample(UserLoggedIn, "userLoggedIn", loggedIn, { ...loggedIn, loggedInAt: time }),
  sample(UserLoggedOut, "userLoggedOut", loggedOut, {
    ...loggedOut,
    loggedOutAt: time,
    sessionLength: { seconds: "61", nanos: 5 },
  }),
  sample(TokenRefreshed, "tokenRefreshed", refreshed, { ...refreshed, refreshedAt: time }),
  sample(ApiRequest, "apiRequest", request, {
    ...request,
    responseBytes: 4_503_599_627_370_497,
    receivedAt: 1_790_000_000_123_456,
  }),
  sample(ApiError, "apiError", failure, {
    ...failure,
    requestId: null,
    occurredAt: ms,
    cause: { code: "a", message: "b", cause: { code: "c", message: "d", cause: null } },
    stackHash: Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"),
  }),
  sample(SystemAlert, "systemAlert", alert, {
    ...alert,
    raisedAt: ms,
    attributes: {
      full: { boolean: true },
      used: { long: -7 },
      share: { double: 0.5 },
      mount: { string: "/data" },
      owner: null,
    },
    runbook: null,
    acknowledged: false,
  }),
  sample(PaymentCaptured, "paymentCaptured", captured, {
    ...captured,
    amount: Buffer.from("ef98", "hex"),
    instrument: { "payments.v1.BankAccount": { iban: "DE00", bankName: "B" } },
    capturedAt: ms,
    settlementDate: 20_718,
    feesMinor: [1, -1],
  }),
  sample(PaymentFailed, "paymentFailed", failed, {
    ...failed,
    amount: Buffer.from("7f", "hex"),
    providerAnswer: 51,
    failedAt: ms,
    retryable: false,
  }),
];
