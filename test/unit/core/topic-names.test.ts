import { expect } from "chai";
import { toDeadLetterTopic, toParkedTopic, toRetryTopic } from "../../../src/core/topic-names.ts";

describe("Names of retry and dead-letter topics", () => {
  it("hang on the topic, and on the group where that is asked for", () => {
    expect(toRetryTopic("orders", 2, { group: "g", naming: "topic" })).to.equal("orders-retry-2");
    expect(toRetryTopic("orders", 2, { group: "g", naming: "group" })).to.equal("orders-g-retry-2");
    expect(toDeadLetterTopic("orders", "orders-dlq", { group: "g", naming: "group" })).to.equal(
      "orders-g-dlq",
    );
    expect(toDeadLetterTopic("orders", "graveyard", { group: "g", naming: "group" })).to.equal("graveyard");
  });

  it("replace what a topic name cannot hold, and stay different for different groups", () => {
    const names = ["a b", "a/b", "a_b"].map((group) => toRetryTopic("t", 1, { group, naming: "group" }));
    expect(new Set(names).size).to.equal(3);
    expect(names[0]).to.match(/^t-a_b-[0-9a-f]{8}-retry-1$/);
    expect(names[2]).to.equal("t-a_b-retry-1");
  });

  it("cut a long group part to fit 249 characters", () => {
    const name = toRetryTopic("orders", 3, { group: "g".repeat(249), naming: "group" });
    expect(name.length).to.equal(249);
    expect(name).to.match(/^orders-g+-[0-9a-f]{8}-retry-3$/);
  });

  it("cut a long group part by its own digest, which is that of SHA-256", () => {
    const group = "ü".repeat(3);
    expect(toDeadLetterTopic("orders", undefined, { group, naming: "group" })).to.equal(
      "orders-___-b3d28943-dlq",
    );
  });

  it("put what is parked behind the dead-letter topic, and stay different where that is cut", () => {
    expect(toParkedTopic("orders-dlq")).to.equal("orders-dlq-parked");
    const [one, two] = ["a", "b"].map((end) => toParkedTopic(`${"t".repeat(248)}${end}`));
    expect([one?.length, one === two]).to.deep.equal([249, false]);
    expect(one).to.match(/^t+-[0-9a-f]{8}-parked$/);
  });
});
