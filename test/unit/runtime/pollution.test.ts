import { expect } from "chai";
import { OrderPlaced, SystemAlert } from "../../../generated/index.ts";

const names = (
  "orderId eventId note labels lines payment placedAt quantity sku customerEmail totalMinor runbook acknowledged " +
  "attributes severity kind id name key isAdmin polluted"
).split(" ");

/** Does synchronous work while every object seems to have these properties (the class of CVE-2026-44291). */
function whilePolluted<T>(work: () => T): T {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  for (const name of names) prototype[name] = `polluted-${name}`;
  try {
    return work();
  } finally {
    for (const name of names) delete prototype[name];
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const alert = {
  alertId: "123e4567-e89b-12d3-a456-426614174000",
  source: "s",
  severity: "INFO",
  summary: "x",
  raisedAt: new Date(0),
} as const;

describe("codecs under a polluted Object.prototype", () => {
  it("write Protobuf messages as if nothing had happened", () => {
    const make = (): string =>
      hex(OrderPlaced.codec.encode(OrderPlaced.codec.create({ lines: [{ sku: "s" }] }), 0));
    const clean = make();
    expect(whilePolluted(make)).equals(clean);
    const keys = (): string[] => Object.keys(OrderPlaced.codec.decode(Buffer.from(clean, "hex")));
    expect(whilePolluted(keys)).deep.equals(keys());
  });

  it("write Avro records as if nothing had happened, and refuse a field that only the prototype offers", () => {
    const make = (): string => hex(SystemAlert.codec.encode(SystemAlert.codec.create(alert), 0));
    expect(whilePolluted(make)).equals(make());
    const { severity: _, ...incomplete } = alert;
    const lacking = (): unknown =>
      SystemAlert.codec.encode(SystemAlert.codec.create(incomplete as typeof alert), 0);
    expect(() => whilePolluted(lacking)).throws("system.v1.SystemAlert.severity");
  });
});
