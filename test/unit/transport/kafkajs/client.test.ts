import type { Socket } from "node:net";
import { expect } from "chai";
import type { KeryxError } from "../../../../src/core/errors.ts";
import { checkTlsFiles, createClient, toClientSasl } from "../../../../src/transport/kafkajs/client.ts";
import { type Broker, onBroker, withCluster } from "../../../../src/transport/kafkajs/cluster.ts";
import { resolveTransportOptions } from "../../../../src/transport/options.ts";

type Oauth = { oauthBearerProvider(): Promise<{ value: string }> };

describe("client settings", () => {
  it("a login by name and password is passed on as it is", () => {
    const sasl = { mechanism: "scram-sha-512", username: "u", password: "p" } as const;
    expect(toClientSasl(sasl)).to.deep.equal(sasl);
  });

  it("an OAuth token is asked for at each login", async () => {
    let asked = 0;
    const token = async () => ({ value: `t${++asked}`, expiresAtMs: Date.now() + 60_000 });
    const { oauthBearerProvider } = toClientSasl({ mechanism: "oauthbearer", token }) as unknown as Oauth;
    expect(await oauthBearerProvider()).to.deep.equal({ value: "t1" });
    expect(await oauthBearerProvider()).to.deep.equal({ value: "t2" });
  });

  for (const [what, token, words] of [
    ["that has expired", async () => ({ value: "t", expiresAtMs: 1 }), "expired"],
    ["that cannot be had", async () => Promise.reject(new Error("provider away")), "provider away"],
    ["that fails with something odd", async () => Promise.reject("odd"), "odd"],
  ] as const)
    it(`an OAuth token ${what} is auth_failed, with the reason`, async () => {
      const { oauthBearerProvider } = toClientSasl({ mechanism: "oauthbearer", token }) as unknown as Oauth;
      const error = await oauthBearerProvider().then(
        () => undefined,
        (thrown: KeryxError) => thrown,
      );
      expect(error?.code).to.equal("auth_failed");
      expect(error?.message).to.contain(words);
    });

  it("each TLS file that cannot be read is named by its setting", () => {
    for (const setting of ["caPath", "certPath", "keyPath"] as const)
      expect(() => checkTlsFiles({ [setting]: "/nowhere.pem" })).to.throw(`tls.${setting}: /nowhere.pem`);
    checkTlsFiles(true);
    checkTlsFiles(false);
  });

  it("a connection that is gone can be given up again and again: nothing piles up on its socket", async () => {
    const options = resolveTransportOptions({ brokers: ["127.0.0.1:1"] });
    const kafka = createClient(options, { requestTimeoutMs: 1_000, retries: 0 });
    const brokers: Broker[] = [];
    const { client, cluster } = withCluster(kafka, () => kafka.admin());
    onBroker(cluster, (broker) => brokers.push(broker));
    await client.connect().catch(() => {});
    const sockets = brokers.flatMap(({ connectionPool }) =>
      connectionPool.pool.flatMap(({ socket }) => (socket as Socket | undefined) ?? []),
    );
    expect(sockets).not.to.deep.equal([]);
    for (let times = 0; times < 20; times++) for (const broker of brokers) await broker.disconnect();
    for (const socket of sockets) expect(socket.listenerCount("connect")).to.be.below(3);
  });
});
