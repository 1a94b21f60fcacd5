import { expect } from "chai";
import { systemClock } from "../../../src/core/clock.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { repeat, toBackoffMs } from "../../../src/producer/attempts.ts";
import {
  type ProducerOptions,
  producerDefaults,
  producerOptionsSchema,
  resolveProducerOptions,
} from "../../../src/producer/options.ts";
import { createMemoryKafka } from "./memory-kafka.ts";

describe("producer options", () => {
  it("have defaults that pass their own checks", () => {
    expect(resolveProducerOptions({})).to.deep.equal(producerDefaults);
    expect(producerOptionsSchema.safeParse(producerDefaults).success).to.equal(true);
  });

  it("give an idempotent producer one request in flight", () => {
    expect(resolveProducerOptions({ idempotent: true }).maxInFlight).to.equal(1);
  });

  const contradictions: [string, ProducerOptions][] = [
    ["idempotent", { idempotent: true, acks: 1 }],
    ["acks", { idempotent: true, acks: 0 }],
    ["maxInFlight", { idempotent: true, maxInFlight: 2 }],
    ["deliveryTimeoutMs", { deliveryTimeoutMs: 9_999 }],
    ["lingerMs", { deliveryTimeoutMs: 10_000, lingerMs: 1 }],
    ["retryMaxMs", { retryBaseMs: 10, retryMaxMs: 5 }],
    ["maxQueueBytes", { maxQueueBytes: 10 }],
  ];
  for (const [name, options] of contradictions)
    it(`refuse ${JSON.stringify(options)}, naming ${name}`, () => {
      expect(() => resolveProducerOptions(options)).to.throw(new RegExp(`^\\[config_invalid\\].*${name}`));
    });

  it("refuse what the client cannot do, naming client and option", () => {
    const { capabilities } = createMemoryKafka().port;
    expect(() => resolveProducerOptions({ compression: "zstd" }, capabilities)).to.throw(
      /^\[capability_missing\] memory cannot write zstd/,
    );
    expect(() =>
      resolveProducerOptions({ idempotent: true }, { ...capabilities, idempotent: false }),
    ).to.throw(/^\[capability_missing\].*idempotent/);
  });

  it("refuse values out of range", () => {
    for (const wrong of [
      { acks: 2 },
      { lingerMs: -1 },
      { maxInFlight: 0 },
      { deadLetter: "dlq" },
      { other: 1 },
    ])
      expect(producerOptionsSchema.safeParse(wrong).success, JSON.stringify(wrong)).to.equal(false);
  });
});

describe("pauses between tries", () => {
  it("double up to the longest, drawn from zero up", () => {
    const options = { retryBaseMs: 100, retryMaxMs: 1_000 };
    expect([1, 2, 3, 4, 5, 500].map((attempt) => toBackoffMs(options, attempt, 1))).to.deep.equal([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(toBackoffMs(options, 3, 0)).to.equal(0);
    expect(toBackoffMs(options, 3, 0.5)).to.equal(200);
  });

  it("end with a failure that is final", async () => {
    let tries = 0;
    const run = async (): Promise<never> => {
      tries += 1;
      throw new KeryxError("send_failed", "no");
    };
    await repeat(systemClock, { retryBaseMs: 1, retryMaxMs: 1 }, { run, isWanted: () => true }).catch(
      () => {},
    );
    expect(tries).to.equal(1);
  });
});
