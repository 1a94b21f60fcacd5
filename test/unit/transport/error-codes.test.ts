import { createRequire } from "node:module";
import { expect } from "chai";
import { kafkaErrors, toKafkaError } from "../../../src/transport/error-codes.ts";

const { errorCodes } = createRequire(import.meta.url)("kafkajs/src/protocol/error.js") as {
  errorCodes: { code: number; retriable: boolean; type: string }[];
};

describe("Kafka error codes", () => {
  it("agree with the client's own table on what may be tried again", () => {
    // These two the client leaves to its group machinery, or does not know as passing.
    const differing = errorCodes.filter(
      ({ code, retriable }) => kafkaErrors.has(code) && toKafkaError(code).retriable !== retriable,
    );
    expect(differing.map(({ code }) => code)).to.deep.equal([]);
  });

  for (const [code, expected] of [
    [3, { class: "metadata", retriable: true, fenced: false, fatal: false }],
    [16, { class: "coordinator", retriable: true, fenced: false, fatal: false }],
    [22, { class: "rejoin", retriable: false, fenced: true, fatal: false }],
    [29, { class: "authorization", retriable: false, fenced: false, fatal: false }],
    [46, { class: "stored-before", retriable: false, fenced: false, fatal: false }],
    [47, { class: "producer-fenced", retriable: false, fenced: true, fatal: true }],
    [59, { class: "producer-state", retriable: false, fenced: false, fatal: true }],
    [89, { class: "wait", retriable: true, fenced: false, fatal: false }],
    [110, { class: "member-fenced", retriable: false, fenced: true, fatal: true }],
  ] as const)
    it(`code ${code} is ${expected.class}`, () => {
      expect(toKafkaError(code)).to.include({ kafkaCode: code, ...expected });
    });

  it("a code that nobody knows keeps its number and is not tried again", () => {
    expect(toKafkaError(4711)).to.include({
      kafkaCode: 4711,
      name: "CODE_4711",
      class: "unknown",
      retriable: false,
    });
    expect(toKafkaError(-1)).to.include({ kafkaCode: -1, name: "UNKNOWN", retriable: false });
  });
});
