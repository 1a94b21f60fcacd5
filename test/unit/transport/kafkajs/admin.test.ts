import { expect } from "chai";
import { whileUnknown } from "../../../../src/transport/kafkajs/admin.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

describe("A request about topics that were created a moment ago", () => {
  const withCode = (code: number): Error =>
    Object.assign(new Error("from the broker"), { name: "KafkaJSProtocolError", type: "ANY", code });

  const runWith = async (errors: readonly Error[]) => {
    const clock = createManualClock();
    const left = [...errors];
    let calls = 0;
    const done = whileUnknown(clock, async () => {
      calls++;
      const error = left.shift();
      if (error) throw error;
      return "answer";
    }).catch((error: unknown) => error);
    for (let step = 0; step < 400; step++) await clock.advance(50);
    return { answer: await done, calls };
  };

  it("is repeated while a broker does not know one of them", async () => {
    expect(await runWith([withCode(3), withCode(5)])).to.deep.equal({ answer: "answer", calls: 3 });
  });

  it("fails at once with what has another reason", async () => {
    const denied = withCode(29);
    expect(await runWith([denied])).to.deep.equal({ answer: denied, calls: 1 });
  });

  it("is given up in the end", async () => {
    const unknown = Array.from({ length: 1_000 }, () => withCode(3));
    expect((await runWith(unknown)).answer).to.be.oneOf(unknown);
  });
});
