import { expect } from "chai";
import type { KafkaConfig, SASLOptions } from "kafkajs";
import type { DevBroker } from "../../../../../src/embedded/broker/index.ts";
import type { ListenerSasl, SaslMechanism } from "../../../../../src/embedded/broker/options.ts";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { createManualClock } from "../../../../support/manual-clock.ts";
import { testTls } from "../../../../support/tls.ts";

describe("listeners of the embedded broker", () => {
  const { start, wire, kafka } = embeddedBrokers();
  const users = { ann: "secret", "a=b,c": "p,w=" };

  /** Topics that kafkajs sees, or the name of its error. */
  const topicsSeen = async (
    broker: DevBroker,
    listener: string,
    config: Partial<KafkaConfig>,
  ): Promise<unknown> => {
    const brokers = broker.bootstrap(listener).map((address) => address.replace("127.0.0.1", "localhost"));
    const admin = kafka(broker, { ...config, brokers, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      return await admin.listTopics();
    } catch (error) {
      return (error as Error).name;
    }
  };

  describe("with SASL", () => {
    const started = (sasl: Partial<ListenerSasl> = {}) =>
      start({ topics: [{ name: "orders" }], listeners: [{ name: "login", sasl: { users, ...sasl } }] });

    for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"] as const) {
      const as = (username: string, password: string) => ({
        sasl: { mechanism, username, password } as SASLOptions,
      });
      it(`let ${mechanism} in with the right password only`, async () => {
        const broker = await started();
        expect(await topicsSeen(broker, "login", as("ann", "secret"))).to.deep.equal(["orders"]);
        expect(await topicsSeen(broker, "login", as("a=b,c", "p,w="))).to.deep.equal(["orders"]);
        for (const [user, password] of [
          ["ann", "wrong"],
          ["ann", "secret2"],
          ["bob", "secret"],
          ["constructor", "x"],
        ] as const)
          expect(await topicsSeen(broker, "login", as(user, password))).to.equal(
            "KafkaJSSASLAuthenticationError",
          );
      });
    }

    it("let an unsecured token in that names somebody", async () => {
      const broker = await started({ mechanisms: ["OAUTHBEARER"] });
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const as = (value: string) => ({
        sasl: { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value }) } as SASLOptions,
      });
      expect(
        await topicsSeen(broker, "login", as(`${part({ alg: "none" })}.${part({ sub: "ann" })}.`)),
      ).to.deep.equal(["orders"]);
      expect(await topicsSeen(broker, "login", as("nonsense"))).to.equal("KafkaJSSASLAuthenticationError");
      expect(await topicsSeen(broker, "login", as(`${part({})}.${part({ sub: 5 })}.`))).to.equal(
        "KafkaJSSASLAuthenticationError",
      );
    });

    it("answer an unknown mechanism with 33 and the ones to choose from", async () => {
      const mechanisms: readonly SaslMechanism[] = ["SCRAM-SHA-256"];
      const client = await wire(await started({ mechanisms }), { listener: "login" });
      for (const mechanism of ["GSSAPI", "PLAIN", "constructor", ""])
        expect(await client.ask("SaslHandshake", 1, { mechanism })).to.deep.equal({
          errorCode: 33,
          mechanisms,
        });
    });

    it("are 34 where nobody has to log in", async () => {
      const client = await wire(await start());
      expect(await client.ask("SaslHandshake", 1, { mechanism: "PLAIN" })).to.deep.equal({
        errorCode: 34,
        mechanisms: [],
      });
    });

    it("refuse a token before a mechanism was chosen, a token without frame, and SCRAM out of order", async () => {
      const broker = await started();
      const first = await wire(broker, { listener: "login" });
      expect(await first.ask("SaslAuthenticate", 1, { authBytes: Buffer.from("\0ann\0secret") })).to.include({
        errorCode: 58,
      });
      await first.closed;
      const second = await wire(broker, { listener: "login" });
      await second.ask("SaslHandshake", 0, { mechanism: "PLAIN" });
      second.raw(Buffer.from("\0\0\0\u000b\0ann\0secret"));
      await second.closed;
      const third = await wire(broker, { listener: "login" });
      await third.ask("SaslHandshake", 1, { mechanism: "SCRAM-SHA-256" });
      expect(
        await third.ask("SaslAuthenticate", 1, { authBytes: Buffer.from("c=biws,r=x,p=eA==") }),
      ).to.include({ errorCode: 58 });
      await third.closed;
    });

    it("end a session that was not renewed in its lifetime, and keep one that was", async () => {
      const clock = createManualClock();
      const sasl = { users, sessionLifetimeMs: 10_000 };
      const broker = await start({ clock, listeners: [{ name: "login", sasl }] });
      const client = await wire(broker, { listener: "login" });
      const logIn = async () => {
        await client.ask("SaslHandshake", 1, { mechanism: "PLAIN" });
        return client.ask("SaslAuthenticate", 1, { authBytes: Buffer.from("\0ann\0secret") });
      };
      expect(await logIn()).to.include({ errorCode: 0, sessionLifetimeMs: 10_000 });
      await clock.advance(9_999);
      await logIn();
      await clock.advance(9_999);
      expect(await client.ask("Metadata", 1, { topics: [] })).to.include({ controllerId: 0 });
      await clock.advance(1);
      client.send("Metadata", 1, { topics: [] });
      await client.closed;
    });
  });

  describe("with TLS", () => {
    const topics = [{ name: "orders" }];

    it("serve clients that trust the authority, and nobody else", async () => {
      const broker = await start({ topics, listeners: [{ name: "tls", tls: testTls.server }] });
      expect(await topicsSeen(broker, "tls", { ssl: { ca: [testTls.ca] } })).to.deep.equal(["orders"]);
      expect(await topicsSeen(broker, "tls", { ssl: { ca: [testTls.otherCa] } })).to.match(/^KafkaJS/);
      expect(await topicsSeen(broker, "tls", {})).to.match(/^KafkaJS/);
      expect(await topicsSeen(broker, "tls", { ssl: { ca: [testTls.ca] } })).to.deep.equal(["orders"]);
    });

    it("ask for a certificate of the client where they are told to", async () => {
      const tls = { ...testTls.server, ca: testTls.ca, requestCert: true };
      const broker = await start({ topics, listeners: [{ name: "tls", tls }] });
      const trusted = { ca: [testTls.ca] };
      expect(await topicsSeen(broker, "tls", { ssl: { ...trusted, ...testTls.client } })).to.deep.equal([
        "orders",
      ]);
      expect(await topicsSeen(broker, "tls", { ssl: trusted })).to.match(/^KafkaJS/);
    });

    it("and SASL behind it", async () => {
      const listeners = [{ name: "plain" }, { name: "both", tls: testTls.server, sasl: { users } }];
      const broker = await start({ topics, listeners, brokers: 2 });
      const sasl: SASLOptions = { mechanism: "scram-sha-512", username: "ann", password: "secret" };
      expect(await topicsSeen(broker, "both", { ssl: { ca: [testTls.ca] }, sasl })).to.deep.equal(["orders"]);
      expect(await topicsSeen(broker, "plain", {})).to.deep.equal(["orders"]);
    });
  });
});
