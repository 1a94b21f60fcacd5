import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { type ConnectOptions, connect, type KeryxApp } from "../../../src/keryx.ts";
import { consumeFlow } from "../../support/effects/consume.ts";
import { toFlowTopics } from "../../support/effects/workload.ts";
import {
  type KafkaCluster,
  requireOwnServers,
  requireServers,
  startKafka,
  uniqueName,
} from "../../support/servers.ts";

const password = "not-alices-password";

describe("An app that cannot start says what to do", function () {
  this.timeout(120_000);
  const topics = toFlowTopics(uniqueName("refused"));
  let cluster: KafkaCluster;
  let registryUrl: string;
  let app: KeryxApp | undefined;

  before(async function () {
    await requireOwnServers(this);
    ({ registryUrl } = await requireServers(this));
    cluster = await startKafka({ security: { users: { alice: "alice-pw" } } });
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });
  after(async () => {
    await cluster?.close();
  });

  const cases: readonly {
    readonly what: string;
    readonly options: () => ConnectOptions;
    readonly code: string;
    /** What the sentence about the next step names. */
    readonly step: RegExp;
    readonly names: () => string;
  }[] = [
    {
      what: "a wrong address",
      options: () => ({ brokers: ["127.0.0.1:1"] }),
      code: "broker_unreachable",
      step: /Check `brokers`/,
      names: () => "127.0.0.1:1",
    },
    {
      what: "wrong credentials",
      options: () => ({
        brokers: [cluster.security?.saslAddress ?? ""],
        sasl: { mechanism: "scram-sha-512", username: "alice", password },
      }),
      code: "auth_failed",
      step: /Check `sasl`: mechanism, user name and password/,
      names: () => "SCRAM",
    },
    {
      what: "a topic that does not exist",
      options: () => ({ brokers: [...cluster.brokers] }),
      code: "topic_missing",
      step: /Create .*`createTopics: true`/,
      names: () => topics.retried.name,
    },
  ];

  for (const { what, options, code, step, names } of cases)
    for (const side of ["producer", "consumer"] as const)
      it(`${what}, to a ${side}, is ${code}`, async () => {
        app = await connect({ ...options(), registry: registryUrl, logging: { level: "silent" } });
        const starting =
          side === "producer"
            ? app.topicProducer(topics.retried).start()
            : consumeFlow(app, uniqueName("refused"), topics, () => {}, { createTopics: false }).start();
        const error = await starting.then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(KeryxError);
        const refusal = error as KeryxError;
        expect(refusal.code).to.equal(code);
        expect(refusal.help).to.match(step);
        expect(refusal.message).to.include(names());
        expect(JSON.stringify([refusal.message, refusal.help, refusal.details])).not.to.include(password);
      });
});
