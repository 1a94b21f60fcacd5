import { expect } from "chai";
import {
  consumerDefaults,
  consumerOptionsSchema,
  resolveConsumerOptions,
} from "../../../src/consumer/options.ts";

describe("Consumer options", () => {
  it("fill in every default", () => {
    expect(resolveConsumerOptions({ group: "g" })).to.deep.equal({ ...consumerDefaults, group: "g" });
    expect(resolveConsumerOptions({ group: "g", here: { tries: 3 } }).here).to.deep.equal({
      ...consumerDefaults.here,
      tries: 3,
    });
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["an empty group", { group: "" }, /consumer\.group/],
    ["an unknown option", { groop: 1 }, /groop/],
    ["no concurrency", { concurrency: 0 }, /consumer\.concurrency/],
    ["a delay beyond a day", { retryDelaysMs: [86_400_001] }, /consumer\.retryDelaysMs/],
    ["a drain longer than the session", { drainTimeoutMs: 28_000 }, /below sessionTimeoutMs/],
    ["a drain longer than a rebalance", { rebalanceTimeoutMs: 15_000 }, /below rebalanceTimeoutMs/],
    [
      "bounds of local tries the wrong way round",
      { here: { baseMs: 500, maxMs: 100 } },
      /below here\.baseMs/,
    ],
    [
      "a map of offsets too small to hold anything",
      { offsetMapMaxBytes: 511 },
      /consumer\.offsetMapMaxBytes/,
    ],
    ["a map of offsets that no broker keeps", { offsetMapMaxBytes: 65_537 }, /consumer\.offsetMapMaxBytes/],
    ["a predicate that is no function", { retriable: "yes" }, /consumer\.retriable/],
  ];
  for (const [what, options, message] of refused)
    it(`refuse ${what}`, () => {
      expect(() => resolveConsumerOptions({ group: "g", ...options })).to.throw(message);
    });

  it("take no map of offsets, or one of a length that brokers are set up to keep", () => {
    for (const offsetMapMaxBytes of [0, 512, 65_536])
      expect(resolveConsumerOptions({ group: "g", offsetMapMaxBytes })).to.include({ offsetMapMaxBytes });
  });

  it("are understood by the schema that files pass through", () => {
    expect(
      consumerOptionsSchema.safeParse({ group: "g", order: "partition", dedupe: "off" }).success,
    ).to.equal(true);
  });

  it("fit the short sessions of tests that kill", () => {
    const short = { group: "g", sessionTimeoutMs: 6_000, drainTimeoutMs: 500, commitTimeoutMs: 2_000 };
    expect(resolveConsumerOptions(short).sessionTimeoutMs).to.equal(6_000);
  });
});
