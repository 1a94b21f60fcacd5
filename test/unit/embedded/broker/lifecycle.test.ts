import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import { createDevBroker } from "../../../../src/embedded/broker/index.ts";
import type { DevBrokerOptions } from "../../../../src/embedded/broker/options.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { testTls } from "../../../support/tls.ts";

describe("starting and stopping the embedded broker", () => {
  const { start, wire, kafka } = embeddedBrokers();

  const refusal = async (options: DevBrokerOptions): Promise<string> => {
    const told = await createDevBroker({ log: () => {}, ...options }).then(
      (broker) => broker.close().then(() => "started"),
      (error: unknown) => error,
    );
    return told instanceof KeryxError ? `[${told.code}] ${told.message}` : `${told}`;
  };

  it("says in one line that it is for development", async () => {
    const lines: string[] = [];
    const broker = await start({ log: (line) => void lines.push(line) });
    expect(lines).to.deep.equal([
      `development broker on ${broker.bootstrap()[0]}: in memory only, not for production`,
    ]);
  });

  it("does not start where NODE_ENV is production, unless it is allowed to", async () => {
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "production";
    try {
      expect(await refusal({}))
        .to.include("[config_invalid]")
        .and.to.include("NODE_ENV");
      expect(await refusal({ allowInProduction: true })).to.equal("started");
    } finally {
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
  });

  it("names the listener and the port that is taken, and keeps none of the others", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const told = await refusal({ brokers: 2, listeners: [{ name: "plain" }, { name: "other", port }] });
    server.close();
    expect(told).to.include("[port_taken]").and.to.include(`port ${port}`).and.to.include("listener other");
  });

  it("refuses options that make no sense", async () => {
    const plain = { name: "plain" };
    const wrong: readonly DevBrokerOptions[] = [
      { brokers: 0 },
      { brokers: 1.5 },
      { defaultPartitions: 0 },
      { firstBrokerId: -1 },
      { listeners: [] },
      { listeners: [plain, plain] },
      { listeners: [{ name: "plain", port: 70_000 }] },
      { brokers: 3, listeners: [{ name: "plain", port: 65_534 }] },
      { topics: [{ name: "a b" }] },
      { topics: [{ name: "a", partitions: 0 }] },
      { topics: [{ name: "a", configs: { "no.such": "1" } }] },
      { topics: [{ name: "a" }, { name: "a" }] },
      { listeners: [{ name: "tls", tls: { key: "no key", cert: "no certificate" } }] },
    ];
    for (const options of wrong)
      expect(await refusal(options), JSON.stringify(options)).to.match(/^\[config_invalid\]/);
  });

  it("keeps two clusters apart", async () => {
    const [one, two] = [
      await start({ topics: [{ name: "one" }] }),
      await start({ topics: [{ name: "two" }] }),
    ];
    one.seed("one", [{ value: "1" }]);
    const topicsOf = async (broker: typeof one): Promise<readonly string[]> => {
      const admin = kafka(broker).admin();
      await admin.connect();
      return admin.listTopics();
    };
    expect([await topicsOf(one), await topicsOf(two)]).to.deep.equal([["one"], ["two"]]);
    expect(two.records("one")).to.deep.equal([]);
  });

  it("leaves no timer and no port behind when it closes in the middle of everything", async () => {
    const clock = createManualClock();
    const broker = await start({ clock, topics: [{ name: "orders" }], initialRebalanceDelayMs: 1000 });
    const client = await wire(broker);
    const join = {
      groupId: "g",
      sessionTimeoutMs: 30_000,
      protocolType: "consumer",
      protocols: [{ name: "range" }],
    };
    client.send("JoinGroup", 3, join);
    await (await wire(broker)).ask("InitProducerId", 0, {
      transactionalId: "t",
      transactionTimeoutMs: 60_000,
    });
    broker.faults.inject({ api: "Heartbeat" }, { kind: "delay", delayMs: 50_000 });
    (await wire(broker)).send("Heartbeat", 0, { groupId: "g" });
    await until(() => broker.requests({ api: "Heartbeat" }).length === 1, "the heartbeat has arrived");
    expect(clock.pending()).to.be.greaterThan(0);
    await broker.close();
    expect(clock.pending()).to.equal(0);
    await client.closed;
    await broker.close();
  });

  it("closes while a TLS handshake stands still", async () => {
    const broker = await start({ listeners: [{ name: "tls", tls: testTls.server }] });
    const socket = connect(Number(broker.bootstrap()[0]?.split(":")[1]), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    const ended = once(socket, "close");
    await broker.close();
    await ended;
  });

  it("leaves less than 5 MB behind in 200 starts and stops, and lets the process end", async () => {
    const script = fileURLToPath(new URL("../../../support/embedded-cycles.ts", import.meta.url));
    const args = ["--expose-gc", "--conditions=@keryx/source", script, "200"];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
    expect(JSON.parse(stdout).grownBytes).to.be.lessThan(5 * 1024 * 1024);
    expect(stderr).to.equal("");
  }).timeout(90_000);
});
