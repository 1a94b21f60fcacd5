import { expect } from "chai";
import fc from "fast-check";
import { parseJsonText } from "../../../src/codec/json-text.ts";
import { KeryxError } from "../../../src/core/errors.ts";

const bytes = (json: string): Uint8Array => new TextEncoder().encode(json);
const parse = (json: string): unknown => parseJsonText(bytes(json)).value;
const reasonOf = (input: Uint8Array): unknown => {
  try {
    parseJsonText(input);
  } catch (error) {
    return error instanceof KeryxError && error.code === "decode_failed" ? error.details["reason"] : error;
  }
  return "read";
};

/** Integers that are exact as bigints, as the numbers that JSON.parse makes of them. */
const rounded = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(rounded);
  const entries = Object.entries(value).map(([key, item]) => [key, rounded(item)] as const);
  return Object.fromEntries(entries);
};

describe("JSON from outside", () => {
  it("gives what JSON.parse gives, for every text that it takes", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        expect(rounded(parse(json))).to.deep.equal(JSON.parse(json));
      }),
    );
  });

  it("keeps integers exact that a number would round", () => {
    expect(parse("[9007199254740993,-9223372036854775808,18446744073709551615]")).to.deep.equal([
      9_007_199_254_740_993n,
      -9_223_372_036_854_775_808n,
      18_446_744_073_709_551_615n,
    ]);
    expect(
      parse("[9.007199254740993e15, 9007199254740991, 1e18, 1e300, 0.1234567890123456789]"),
    ).to.deep.equal([
      9_007_199_254_740_993n,
      9_007_199_254_740_991,
      1_000_000_000_000_000_000n,
      1e300,
      0.123_456_789_012_345_68,
    ]);
    expect(parse('"9007199254740993"')).to.equal("9007199254740993");
    expect(parse(`1${"0".repeat(100_000)}`)).to.equal(Number.POSITIVE_INFINITY);
  });

  it("is refused for a reason, and the refusal does not quote it", () => {
    for (const [json, reason] of [
      ['{"card": "4111-secret', "malformed"],
      ['{"card": 4111-secret}', "malformed"],
      ["", "malformed"],
      ["\ufeff{}", "malformed"],
      ["{} {}", "malformed"],
      ['"a\\', "malformed"],
      ['["\\ud800"]', "invalid-text"],
      ['{"\\udc00": 1}', "invalid-text"],
      ["[".repeat(1_001), "too-deep"],
      ['{"a":'.repeat(100_000), "too-deep"],
      [`[${"1,".repeat(1_000_001)}1]`, "too-large"],
    ] as const) {
      expect(reasonOf(bytes(json)), json.slice(0, 30)).to.equal(reason);
      if (json.length < 100)
        expect(() => parse(json))
          .to.throw()
          .with.property("message")
          .not.include("secret");
    }
    expect(reasonOf(Uint8Array.of(0x22, 0xc0, 0xaf, 0x22))).to.equal("invalid-text");
    expect(reasonOf(new Uint8Array(65 * 1_048_576))).to.equal("too-large");
  });

  it("does not count what stands inside texts", () => {
    const text = `${'[{,"\\'.repeat(2_000)}`;
    expect(parse(JSON.stringify([text, "\\", '\\"', '"']))).to.deep.equal([text, "\\", '\\"', '"']);
    expect(parse('["\\\\ud800"]')).to.deep.equal(["\\ud800"]);
  });

  it("keeps a member called __proto__ as an own one", () => {
    const value = parse('{"__proto__": {"polluted": 9007199254740993}}') as object;
    expect(Object.keys(value)).to.deep.equal(["__proto__"]);
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
  });
});
