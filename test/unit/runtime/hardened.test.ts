import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { repository } from "../../support/generated-code.ts";

/** Runs a module with the flags, in a process of its own; what it prints. */
function run(flags: readonly string[], program: string): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--conditions=@keryx/source", ...flags, "--input-type=module-typescript", "--eval", program],
    { cwd: repository, encoding: "utf8" },
  );
  expect(status, stderr).equals(0);
  return stdout.trim();
}

const values = `
  import { OrderPlaced } from "./generated/orders/v1/order_placed_events.ts";
  import { PaymentFailed } from "./generated/payments/v1/payment-failed.ts";
  const order = OrderPlaced.codec.create({ eventId: crypto.randomUUID(), orderId: "order-number-00000001", customerEmail: "x".repeat(400) });
  const payment = PaymentFailed.codec.create({
    eventId: crypto.randomUUID(), orderId: "order-number-00000001", amount: { unscaled: 1n, scale: 2 }, currency: "EUR",
    reason: "DECLINED", providerAnswer: { kind: "string", value: "x".repeat(400) }, failedAt: new Date(0), retryable: true,
  });
`;

describe("generated code and its primitives", function () {
  this.timeout(60_000);

  it("run where no code may be made from strings, and prototypes may not be reached by name", () => {
    const program = `${values}
      const bytes = OrderPlaced.codec.encode(order, 6).length + PaymentFailed.codec.encode(payment, 5).length;
      OrderPlaced.codec.decode(OrderPlaced.codec.encode(order, 0));
      PaymentFailed.codec.decode(PaymentFailed.codec.encode(payment, 0));
      console.log(bytes > 900);`;
    expect(run(["--disallow-code-generation-from-strings", "--disable-proto=throw"], program)).equals("true");
  });

  it("let 200,000 keys and ids be kept for 80 bytes each, whatever their payloads weigh", () => {
    for (const [event, value] of [
      ["OrderPlaced", "order"],
      ["PaymentFailed", "payment"],
    ]) {
      const program = `${values}
        const bytes = Buffer.from(${event}.codec.encode(${value}, 0));
        const kept = new Array(400_000).fill("");
        gc();
        const before = process.memoryUsage();
        for (let index = 0; index < 200_000; index += 1) {
          const read = ${event}.codec.decode(Buffer.from(bytes));
          kept[2 * index] = ${event}.key(read);
          kept[2 * index + 1] = ${event}.id(read);
        }
        gc();
        const after = process.memoryUsage();
        const grown = after.heapUsed + after.external - before.heapUsed - before.external;
        console.log(grown / kept.length);`;
      expect(Number(run(["--expose-gc"], program)), event).within(20, 80);
    }
  });
});
