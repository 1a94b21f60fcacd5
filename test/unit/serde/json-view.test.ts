import { expect } from "chai";
import { toJsonView } from "../../../src/serde/json-view.ts";

describe("the JSON view of a value", () => {
  it("shows 64-bit integers, times, bytes and maps as JSON", () => {
    const value = {
      $typeName: "orders.v1.OrderPlaced",
      total: 9_007_199_254_740_993n,
      at: new Date(0),
      bytes: new Uint8Array([1, 2]),
      map: new Map([["a", 1n]]),
      not: Number.NaN,
      list: [undefined, 1],
      call: () => 1,
    };
    expect(toJsonView(value, [])).to.deep.equal({
      total: "9007199254740993",
      at: "1970-01-01T00:00:00.000Z",
      bytes: "AQI=",
      map: { a: "1" },
      not: "NaN",
      list: [null, 1],
      call: undefined,
    });
    expect(toJsonView(new Date(Number.NaN), [])).to.equal(null);
  });

  it("shows the times of Protobuf as its own JSON does, and leaves alone what only looks like one", () => {
    const time = (seconds: bigint, nanos: number, name = "Timestamp"): unknown =>
      toJsonView({ $typeName: `google.protobuf.${name}`, seconds, nanos }, []);
    expect(time(1_790_000_000n, 123_000_000)).to.equal("2026-09-21T14:13:20.123Z");
    expect(time(0n, 0)).to.equal("1970-01-01T00:00:00Z");
    expect(time(-1n, 1)).to.equal("1969-12-31T23:59:59.000000001Z");
    expect(time(61n, 5_000, "Duration")).to.equal("61.000005s");
    expect(time(0n, -500_000_000, "Duration")).to.equal("-0.500s");
    expect(time(10n ** 18n, 0)).to.deep.equal({ seconds: String(10n ** 18n), nanos: 0 });
    expect(toJsonView({ $typeName: "google.protobuf.Timestamp", seconds: "x" }, [])).to.deep.equal({
      seconds: "x",
    });
    expect(time(1n, 2, "Any")).to.deep.equal({ seconds: "1", nanos: 2 });
  });

  it("masks sensitive fields through lists, maps and unions", () => {
    const value = {
      card: { holder: "Ada", last4: "1111" },
      items: [{ note: "private-1", sku: "a" }, { note: "private-2" }],
      people: { one: { email: "a@b" }, two: { email: "c@d" } },
      payment: { kind: "Card", value: { number: "4111" } },
    };
    const shown = JSON.stringify(toJsonView(value, ["card", "items.note", "people.email", "payment.number"]));
    for (const secret of ["Ada", "1111", "private", "a@b", "c@d", "4111"])
      expect(shown).to.not.include(secret);
    expect(shown).to.include('"sku":"a"');
  });

  it("ends at cycles and bottomless values", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(toJsonView(loop, [])).to.deep.equal({ self: null });
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(JSON.stringify(toJsonView(deep, []))).to.have.length.below(300);
  });

  it("keeps a member called __proto__ a member", () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
    const shown = toJsonView(value, []);
    expect(JSON.stringify(shown)).to.equal('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)["polluted"]).to.equal(undefined);
  });
});
