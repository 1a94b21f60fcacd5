import { SchemaRegistry as KafkajsRegistry } from "@kafkajs/confluent-schema-registry";
import { expect } from "chai";
import { PaymentCaptured } from "../../generated/payments/v1/payment-captured.ts";
import { connect } from "../../src/index.ts";
import { ours, registryInterop } from "../suites/registry-interop.ts";
import { requireServers, uniqueName } from "../support/servers.ts";

registryInterop({
  name: "a real registry",
  start: async (test) => (await requireServers(test)).registryUrl,
});

describe("Beside @kafkajs/confluent-schema-registry, on real servers", () => {
  let kafkajs: KafkajsRegistry;
  before(async function () {
    kafkajs = new KafkajsRegistry({ host: (await requireServers(this)).registryUrl });
  });

  it("an app that is given the team's own instance publishes and handles events with it", async function () {
    const { brokers } = await requireServers(this);
    const topic = uniqueName("instance");
    const event = {
      ...PaymentCaptured,
      topic,
      subject: `${topic}-value`,
      policy: { ...PaymentCaptured.policy, deadLetter: `${topic}-dlq` },
    };
    const app = await connect({
      ...{ brokers, registry: kafkajs, createTopics: true, environment: {} },
      logging: { level: "silent" },
    });
    try {
      await app.producer.send(event, ours);
      const handled = new Promise<unknown>((resolve) => {
        const consumer = app.consumer({ group: uniqueName("instance") }).on(event, (value) => resolve(value));
        consumer.start().catch(resolve);
      });
      expect(await handled).to.deep.equal(PaymentCaptured.codec.create(ours));
      expect(await kafkajs.getLatestSchemaId(event.subject)).to.be.a("number");
    } finally {
      await app.close();
    }
  });
});
