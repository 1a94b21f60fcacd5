import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type ConnectOptions, connect, type KeryxApp, type KeryxError, type TlsOptions } from "keryx";
import { startTestServers, type TestServers } from "keryx/testing";
import { OrderPlaced, orderEventsConsumer } from "../../generated/index.ts";
import { testTls } from "../support/tls.ts";

const pem = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url));
const trusted: TlsOptions = { caPath: pem("ca") };
const ada = { username: "ada", password: "correct horse" } as const;
const users = { [ada.username]: ada.password };
const order = { eventId: "e-1", orderId: "o-1", customerId: "c-1", totalMinor: 1n };

describe("connect() with logins and TLS", function () {
  this.timeout(30_000);
  let servers: TestServers;
  const apps: KeryxApp[] = [];
  const lines: string[] = [];

  before(async () => {
    const tls = testTls.server;
    servers = await startTestServers({
      broker: {
        listeners: [
          { name: "plain" },
          { name: "login", sasl: { users } },
          { name: "tls", tls },
          { name: "both", tls, sasl: { users } },
          { name: "mutual", tls: { ...tls, ca: testTls.ca, requestCert: true } },
        ],
      },
    });
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    lines.length = 0;
  });
  after(() => servers.close());

  const open = async (listener: string, options: ConnectOptions): Promise<KeryxApp> => {
    const brokers = servers.broker.bootstrap(listener);
    const logDestination = { write: (line: string) => void lines.push(line) };
    const app = await servers.connect({ brokers, logging: { level: "debug" }, logDestination, ...options });
    apps.push(app);
    return app;
  };
  /** Publishes one event and consumes it: producer, admin, consumer and their coordinators all come this way. */
  const roundTrip = async (listener: string, options: ConnectOptions): Promise<string[]> => {
    const app = await open(listener, options);
    const group = `${listener}-${Math.random()}`;
    const seen: string[] = [];
    const handlers = { orderPlaced: () => void seen.push(group), orderCancelled: () => {} };
    await orderEventsConsumer(app, { group, from: "latest", dedupe: "off" }, handlers).start();
    await app.producer.send(OrderPlaced, order);
    await servers.untilProcessed(group);
    return seen;
  };
  const refusal = async (listener: string, options: ConnectOptions): Promise<KeryxError> => {
    const app = await open(listener, { connectionTimeoutMs: 2_000, ...options });
    const error = await app.producer.send(OrderPlaced, order).then(
      () => new Error("it was let in"),
      (thrown: KeryxError) => thrown,
    );
    const joining = app.consumer({ group: "refused" }).on(OrderPlaced, () => {});
    const other = await joining.start().catch((thrown: KeryxError) => thrown);
    expect((other as KeryxError | undefined)?.code, "the consumer").to.equal((error as KeryxError).code);
    return error as KeryxError;
  };

  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"] as const) {
    it(`publishes and consumes with a login by ${mechanism}`, async () => {
      const sasl = { mechanism, ...ada };
      expect(await roundTrip("login", { sasl, allowInsecure: true })).to.have.length(1);
    });

    it(`is told auth_failed for a wrong password by ${mechanism}, and writes it nowhere`, async () => {
      const sasl = { mechanism, ...ada, password: "battery staple" };
      const error = await refusal("login", { sasl, allowInsecure: true });
      expect(error).to.include({ code: "auth_failed", retriable: false });
      expect(`${error.message}${error.stack}${lines.join("")}`).to.not.include("battery staple");
    });
  }

  it("is told auth_failed for a user that nobody knows", async () => {
    const sasl = { mechanism: "scram-sha-512", username: "eve", password: "x" } as const;
    expect((await refusal("login", { sasl })).code).to.equal("auth_failed");
  });

  it("is told what to compare where a login is wanted and none is given", async () => {
    const error = await refusal("login", {});
    expect(error.code).to.equal("broker_unreachable");
    expect(error.help).to.include("`sasl`");
  });

  it("publishes and consumes over TLS with the right authority", async () => {
    expect(await roundTrip("tls", { tls: trusted })).to.have.length(1);
  });

  it("publishes and consumes over TLS with a login by PLAIN, which needs no leave then", async () => {
    const sasl = { mechanism: "plain", ...ada } as const;
    expect(await roundTrip("both", { tls: trusted, sasl })).to.have.length(1);
  });

  it("is told auth_failed for a wrong password over TLS, too", async () => {
    const sasl = { mechanism: "scram-sha-256", ...ada, password: "battery staple" } as const;
    expect((await refusal("both", { tls: trusted, sasl })).code).to.equal("auth_failed");
  });

  for (const [what, tls] of [
    ["an unknown authority", { caPath: pem("other-ca") }],
    ["Node's own authorities alone", true],
    ["a certificate for another host", { ...trusted, serverName: "elsewhere.example" }],
  ] as const)
    it(`is told tls_failed for ${what}`, async () => {
      const error = await refusal("tls", { tls });
      expect(error).to.include({ code: "tls_failed", retriable: false });
    });

  it("shows a client certificate where the broker asks for one", async () => {
    const own = { certPath: pem("client"), keyPath: pem("client-key") };
    expect(await roundTrip("mutual", { tls: { ...trusted, ...own } })).to.have.length(1);
  });

  it("gets nowhere without the client certificate that the broker asks for", async () => {
    const error = await refusal("mutual", { tls: trusted });
    expect(error.code).to.be.oneOf(["tls_failed", "broker_unreachable"]);
  });

  it("sends PLAIN in the clear only when told so, and then before any connection is made", async () => {
    const sasl = { mechanism: "plain", ...ada } as const;
    const error = await connect({ sasl, environment: {} }).catch((thrown: KeryxError) => thrown);
    expect((error as KeryxError).code).to.equal("config_invalid");
  });
});
