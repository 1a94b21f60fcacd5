import { expect } from "chai";
import { resolveConsumerOptions } from "../../../src/consumer/options.ts";
import { buildPlan, findPlanProblems } from "../../../src/consumer/plan/plan.ts";
import { decide, hereDelayMs } from "../../../src/consumer/retry-policy.ts";
import { nameFailure } from "../../../src/consumer/steps/classify.ts";
import { noteEvent } from "../../support/consumer-harness.ts";

const options = (more: object = {}) => resolveConsumerOptions({ group: "billing", ...more });
const { policy } = noteEvent("Note", { topic: "orders", delaysMs: [1_000, 10_000] });
const transient = nameFailure("transient", "", "no");

describe("The plan of an event", () => {
  it("is one attempt on the topic, one per retry topic, then the dead-letter topic", () => {
    const plan = buildPlan("orders", policy, options());
    expect(plan.stages.map(({ topic }) => topic)).to.deep.equal(["orders-retry-1", "orders-retry-2"]);
    expect([plan.attempts, plan.here.tries, plan.exhausted, plan.deadLetter]).to.deep.equal([
      3,
      1,
      "deadLetter",
      "orders-dlq",
    ]);
    expect(plan.longestDelayMs).to.equal(10_000);
    expect(plan.fingerprint).to.match(/^[0-9a-f]{8}$/);
    expect(buildPlan("orders", policy, options({ retryDelaysMs: [5] })).fingerprint).not.to.equal(
      plan.fingerprint,
    );
  });

  it("is one attempt and the dead-letter topic where there are no delays", () => {
    const plan = buildPlan("orders", { ...policy, retry: { delaysMs: [] } }, options());
    expect([plan.attempts, plan.here.tries, plan.exhausted]).to.deep.equal([1, 1, "deadLetter"]);
  });

  it("takes the tries in place that the consumer asks for, whatever the event declares", () => {
    for (const given of [
      policy,
      { ...policy, retry: { delaysMs: [] } },
      { ...policy, ordered: true },
      undefined,
    ])
      expect(buildPlan("orders", given, options({ here: { tries: 3 } })).here.tries).to.equal(3);
  });

  it("tries eight times in place and then stops where order is declared, where nothing is declared, and without dead letters", () => {
    for (const [given, more] of [
      [{ ...policy, ordered: true }],
      [policy, { ordered: true }],
      [undefined],
      [{ ...policy, deadLetter: "", retry: { delaysMs: [] } }],
    ] as const) {
      const plan = buildPlan("orders", given, options(more));
      expect([plan.here.tries, plan.exhausted, plan.deadLetter, plan.stages.length]).to.deep.equal([
        8,
        "stop",
        undefined,
        0,
      ]);
    }
  });

  it("dead-letters an ordered event only when that is chosen", () => {
    const plan = buildPlan("orders", { ...policy, ordered: true }, options({ exhausted: "deadLetter" }));
    expect(plan.deadLetter).to.equal("orders-dlq");
  });

  it("is refused where it contradicts itself", () => {
    const problems = (given: object, more: object): string[] => {
      const resolved = options(more);
      return findPlanProblems(
        "orders.v1.OrderPlaced",
        buildPlan("orders", { ...policy, ...given }, resolved),
        resolved,
      );
    };
    expect(problems({}, {})).to.deep.equal([]);
    expect(problems({ ordered: true }, { retryDelaysMs: [1] })[0]).to.contain("declares order");
    expect(problems({ deadLetter: "" }, {})[0]).to.contain("no dead-letter topic behind");
    expect(problems({ deadLetter: "", retry: { delaysMs: [] } }, { exhausted: "deadLetter" })[0]).to.contain(
      "asks for one",
    );
    const long = options();
    const plan = buildPlan("t".repeat(245), policy, long);
    expect(findPlanProblems("x", plan, long)[0]).to.contain("longer than 249");
    const end = buildPlan("t".repeat(246), { ...policy, deadLetter: "", retry: { delaysMs: [] } }, long);
    expect(findPlanProblems("x", end, long)).to.deep.equal([]);
    const longEnd = { ...end, deadLetter: `${"t".repeat(246)}-dlq` };
    expect(findPlanProblems("x", longEnd, long)[0]).to.contain("-dlq is longer than 249");
  });
});

describe("The decision about a failed record", () => {
  const plan = buildPlan("orders", policy, options());
  const at = (stage: number, attempt: number, more: object = {}) =>
    decide({ failure: transient, stage, attempt, triesHere: 1, plan, ...more });

  it("goes from stage to stage, and to the end after the last", () => {
    expect(at(0, 1)).to.deep.equal({ kind: "later", stage: 1, topic: "orders-retry-1", delayMs: 1_000 });
    expect(at(1, 2)).to.deep.equal({ kind: "later", stage: 2, topic: "orders-retry-2", delayMs: 10_000 });
    expect(at(2, 3)).to.deep.equal({ kind: "deadLetter", topic: "orders-dlq" });
  });

  it("never loops by a count that is too small, and ends by one that is too large", () => {
    expect(at(2, 1)).to.deep.equal({ kind: "deadLetter", topic: "orders-dlq" });
    expect(at(1, 1_000_000)).to.deep.equal({ kind: "deadLetter", topic: "orders-dlq" });
  });

  it("takes the delay that a handler asks for, within the plan's longest", () => {
    expect(at(0, 1, { askedDelayMs: 5 })).to.deep.include({ delayMs: 5 });
    expect(at(0, 1, { askedDelayMs: 1e9 })).to.deep.include({ delayMs: 10_000 });
    expect(at(0, 1, { askedDelayMs: Number.NaN })).to.deep.include({ delayMs: 1_000 });
    expect(at(0, 1, { askedDelayMs: -1 })).to.deep.include({ delayMs: 0 });
  });

  it("gives permanent failures up at once and stops on a defect of our own", () => {
    for (const name of [
      "bad-bytes",
      "unknown-schema",
      "incompatible-schema",
      "invalid",
      "non-retriable",
    ] as const)
      expect(at(0, 1, { failure: nameFailure(name, "", "") }).kind).to.equal("deadLetter");
    expect(at(0, 1, { failure: nameFailure("internal", "", "") }).kind).to.equal("stop");
    const ordered = buildPlan("orders", { ...policy, ordered: true }, options());
    expect(at(0, 1, { failure: nameFailure("bad-bytes", "", ""), plan: ordered }).kind).to.equal("stop");
  });

  it("tries in place first, with pauses that double up to their bound and are drawn by full jitter", () => {
    const local = buildPlan("orders", policy, options({ here: { tries: 3 } }));
    const first = decide({ failure: transient, stage: 0, attempt: 1, triesHere: 1, plan: local }, () => 0.5);
    expect(first).to.deep.equal({ kind: "here", delayMs: 50 });
    expect(at(0, 3, { plan: local, triesHere: 3 }).kind).to.equal("later");
    expect(at(1, 4, { plan: local, triesHere: 1 }).kind).to.equal("later");
    const delays = [1, 2, 3, 20].map((tries) => hereDelayMs(local, tries, () => 1));
    expect(delays).to.deep.equal([100, 200, 400, 10_000]);
  });

  it("stops or discards after the last attempt where that is the plan", () => {
    for (const exhausted of ["stop", "discard"] as const)
      expect(at(2, 3, { plan: buildPlan("orders", policy, options({ exhausted })) }).kind).to.equal(
        exhausted,
      );
  });
});
