import { expect } from "chai";
import { connect, type EventType, type KeryxError } from "keryx";
import { startTestServers, type TestServers } from "keryx/testing";
import { ApiRequest, OrderPlaced } from "../../generated/index.ts";
import { samples } from "../support/samples.ts";

describe("The limits of payloads", function () {
  this.timeout(30_000);
  let servers: TestServers;
  before(async () => {
    servers = await startTestServers();
  });
  after(() => servers.close());

  const initOf = (event: unknown): object =>
    samples.find((one) => one.event === event)?.init ?? expect.fail("no sample");

  for (const [what, limits, event, reason] of [
    ["depth", { maxDepth: 1 }, OrderPlaced, "too-deep"],
    ["items", { maxItems: 1 }, OrderPlaced, "too-large"],
    ["bytes of JSON", { maxJsonBytes: 20 }, { ...ApiRequest, serialization: "JSON" }, "too-large"],
  ] as const)
    it(`are settings of an app, which it holds records to: ${what}`, async () => {
      const topic = `limited-${reason}-${what.length}`;
      const policy = { ...event.policy, deadLetter: `${topic}-dlq` };
      const own = { ...event, topic, subject: `${topic}-value`, policy } as unknown as EventType;
      await (await servers.connect()).producer.send(own, initOf(event === OrderPlaced ? event : ApiRequest));
      const app = await servers.connect({ limits });
      await app
        .consumer({ group: topic, dedupe: "off" })
        .on(own, () => {
          throw new Error("it was read");
        })
        .start();
      await servers.untilProcessed(topic);
      const [letter] = servers.broker.records(policy.deadLetter);
      const code = letter?.headers.find(({ name }) => name === "keryx-failure-code")?.value;
      expect(String(code)).to.equal(reason);
    });

  it("hold for what an app sends as well", async () => {
    const app = await servers.connect({ limits: { maxDepth: 1 } });
    const error = await app.producer
      .send(OrderPlaced, initOf(OrderPlaced))
      .catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "encode_failed" });
    expect((error as KeryxError).details["reason"]).to.equal("too-deep");
  });

  it("cannot be switched off, nor made so wide that the stack ends first", async () => {
    for (const limits of [{ maxDepth: 0 }, { maxDepth: 301 }, { maxItems: 0 }, { maxJsonBytes: -1 }]) {
      const error = await connect({ limits, environment: {} }).catch((thrown: unknown) => thrown);
      expect(error, JSON.stringify(limits)).to.include({ code: "config_invalid" });
    }
  });
});
