// The values that every contender encodes and decodes.

export interface Line {
  $typeName: "bench.v1.Line";
  sku: string;
  quantity: number;
  unitPriceMinor: bigint;
}

export interface Order {
  $typeName: "bench.v1.Order";
  eventId: string;
  orderId: string;
  customerId: string;
  customerEmail: string;
  status: number;
  currency: string;
  totalMinor: bigint;
  taxRate: number;
  lines: Line[];
  labels: Record<string, string>;
  placedAt?: { $typeName: "google.protobuf.Timestamp"; seconds: bigint; nanos: number };
  isGift: boolean;
}

export interface Login {
  $typeName: "bench.v1.Login";
  eventId: string;
  userId: string;
  atMs: bigint;
  isFirst: boolean;
}

const line = (sku: string, quantity: number, unitPriceMinor: bigint): Line => ({
  $typeName: "bench.v1.Line",
  sku,
  quantity,
  unitPriceMinor,
});

/** An order of twelve fields and four lines. */
export const order: Order = {
  $typeName: "bench.v1.Order",
  eventId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  orderId: "ord-2026-000184467",
  customerId: "cus-88172",
  customerEmail: "anna.karlsson@example.com",
  status: 2,
  currency: "EUR",
  totalMinor: 1_284_990n,
  taxRate: 0.19,
  lines: [
    line("SKU-10443", 2, 149_900n),
    line("SKU-20018", 1, 649_990n),
    line("SKU-00071", 12, 9_900n),
    line("SKU-77310", 3, 72_133n),
  ],
  labels: { channel: "web", campaign: "autumn-2026", region: "eu-north" },
  placedAt: { $typeName: "google.protobuf.Timestamp", seconds: 1_784_000_123n, nanos: 456_000_000 },
  isGift: true,
};

export const login: Login = {
  $typeName: "bench.v1.Login",
  eventId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  userId: "usr-8817234",
  atMs: 1_784_000_123_456n,
  isFirst: true,
};

const { $typeName: _order, placedAt: _placedAt, status: _status, lines, ...shared } = order;
const avroLines = lines.map(({ sku, quantity, unitPriceMinor }) => ({ sku, quantity, unitPriceMinor }));

/** The same order in the form of the Avro schema. */
export const avroOrder: object = {
  ...shared,
  status: "PAID",
  lines: avroLines,
  placedAtMicros: 1_784_000_123_456_000n,
  note: null,
};

/** The order as an older version of the schema has it: two fields that are gone, one that is missing. */
export const earlierOrder: object = {
  ...shared,
  status: "PAID",
  lines: avroLines.map((one) => ({ ...one, shelf: "A-17" })),
  placedAtMicros: 1_784_000_123_456_000n,
  legacyCode: "X-2201",
};

const { $typeName: _login, ...small } = login;

export const avroLogin: object = small;
