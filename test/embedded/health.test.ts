import { expect } from "chai";
import { startTestServers, type TestServers } from "keryx/testing";
import { OrderCancelled, OrderPlaced } from "../../generated/index.ts";
import type { ConsumerOptions } from "../../src/core/app.ts";
import type { AppHealth } from "../../src/core/health.ts";
import type { Signal } from "../../src/core/signals.ts";
import type { ConnectOptions, KeryxApp } from "../../src/keryx.ts";
import { waitUntil } from "../support/servers.ts";

const order = (orderId: string) => ({ eventId: `e-${orderId}`, orderId, customerId: "c-1", totalMinor: 1n });
const quick = { sessionTimeoutMs: 6_000, drainTimeoutMs: 500, commitTimeoutMs: 2_000, closeTimeoutMs: 500 };
const group = "billing";

function portOf(signals: readonly Signal[]): number {
  const listening = signals.find((signal) => signal.kind === "health.listening");
  return listening?.kind === "health.listening" ? listening.port : 0;
}

describe("health on the embedded servers", function () {
  this.timeout(60_000);
  let servers: TestServers;
  let signals: Signal[];
  let app: KeryxApp;
  let port: number;

  beforeEach(async () => {
    signals = [];
    servers = await startTestServers({ broker: { topics: [{ name: "order-events", partitions: 2 }] } });
    app = await connect();
    port = portOf(signals);
  });

  afterEach(() => servers.close());

  const connect = (options: ConnectOptions = {}): Promise<KeryxApp> =>
    servers.connect({
      health: { port: 0, host: "127.0.0.1" },
      observe: (signal) => signals.push(signal),
      ...options,
    });
  const start = async (
    handler: (orderId: string) => unknown = () => {},
    options: Partial<ConsumerOptions> = {},
  ) => {
    const consumer = app.consumer({ group, ...quick, ...options }).on(OrderPlaced, async ({ orderId }) => {
      await handler(orderId);
    });
    await consumer.start();
    return consumer;
  };
  /** What the three probes say, and that they agree with the value. */
  const probe = async (): Promise<{ readonly said: string; readonly health: AppHealth }> => {
    const [livez, readyz, whole] = await Promise.all(
      ["livez", "readyz", "health"].map((path) => fetch(`http://127.0.0.1:${port}/${path}`)),
    );
    const health = (await whole!.json()) as AppHealth;
    return { said: `${livez!.status} ${readyz!.status} ${health.summary}`, health };
  };
  const untilSaid = async (expected: string): Promise<AppHealth> => {
    let last = "";
    await waitUntil(expected, async () => {
      last = (await probe()).said;
      return last === expected;
    }).catch((error: unknown) => {
      throw new Error(`the probes said ${last}`, { cause: error });
    });
    return (await probe()).health;
  };

  it("goes from starting to running, and tells watermark and lag of each partition", async () => {
    const consumer = app.consumer({ group, ...quick }).on(OrderPlaced, () => {});
    expect((await probe()).said).to.equal("200 503 starting");
    await consumer.start();
    for (const id of ["o-1", "o-2", "o-3"]) await servers.publish(OrderPlaced, order(id));
    await servers.untilProcessed(group);
    const health = await untilSaid("200 200 running");
    const [one] = health.consumers;
    expect(one).to.include({ group, state: "running", expected: "running" });
    const partitions = one!.partitions.filter(({ topic }) => topic === "order-events");
    expect(partitions.map(({ partition }) => partition)).to.have.members([0, 1]);
    const done = partitions.reduce((sum, { watermark }) => sum + Number(watermark ?? 0), 0);
    expect(done).to.equal(3);
    expect(partitions.filter(({ lag }) => lag !== undefined && String(lag) !== "0")).to.deep.equal([]);
    expect(JSON.stringify(health)).not.to.include("o-1").and.not.to.include("c-1");
  });

  it("is paused and healthy while its operator wants it so, and then goes on where it was", async () => {
    const seen: string[] = [];
    const consumer = await start((id) => seen.push(id));
    consumer.pause();
    for (const id of ["o-1", "o-2"]) await servers.publish(OrderPlaced, order(id));
    const health = await untilSaid("200 200 paused");
    expect(health.expected).to.equal("paused");
    await waitUntil("both partitions are known to lag", async () => {
      await servers.clock.advance(10_000);
      const lags = (await probe()).health.consumers[0]!.partitions.map(({ lag }) => Number(lag ?? 0));
      return lags.reduce((sum, lag) => sum + lag, 0) === 2;
    });
    expect(seen).to.deep.equal([]);
    consumer.resume();
    await servers.untilProcessed(group);
    expect(seen).to.have.members(["o-1", "o-2"]);
    await untilSaid("200 200 running");
  });

  it("names the partition that policy stopped, and stays alive", async () => {
    await start(
      () => {
        throw new Error("always");
      },
      { retryDelaysMs: [], here: { tries: 1 }, exhausted: "stop" },
    );
    const { partition } = await servers.publish(OrderPlaced, order("o-1"));
    await untilSaid(`200 503 stopped: order-events/${partition}`);
  });

  it("waits for a retry topic that cannot be written, and is ready again once it can", async () => {
    servers.broker.faults.inject(
      { api: "Produce", topic: "order-events-retry-1" },
      { kind: "error", code: 19 },
      { times: 100 },
    );
    await start((id) => {
      if (id === "o-1") throw new Error("soon");
    });
    await servers.publish(OrderPlaced, order("o-1"));
    await untilSaid("200 503 paused: sink");
    servers.broker.faults.clear();
    await waitUntil("it was written", async () => {
      await servers.clock.advance(1_000);
      return (await probe()).said === "200 200 running";
    });
  });

  it("is only degraded by a registry that is away, and waits where a schema is not known", async () => {
    const seen: string[] = [];
    await app.close();
    signals = [];
    app = await connect({ registry: { url: servers.registryUrl, retries: 0 } });
    port = portOf(signals);
    await start((id) => seen.push(id));
    await servers.publish(OrderPlaced, order("o-1"));
    await servers.untilProcessed(group);
    await servers.registry.close();
    await app.producer.send(OrderCancelled, { eventId: "e", orderId: "o", customerId: "c" }).catch(() => {});
    await untilSaid("200 200 degraded: registry");
    await servers.publish(OrderPlaced, order("o-2"));
    await waitUntil("a known schema needs no registry", () => seen.length === 2);
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 3, 231]), Buffer.from("bytes")]);
    servers.broker.seed("order-events", [{ key: Buffer.from("k"), value: frame }]);
    await untilSaid("200 503 paused: registry");
  });

  it("stays alive while all brokers are away, and is ready again when they are back", async () => {
    await start();
    await app.producer.send(OrderPlaced, order("o-0"));
    await untilSaid("200 200 running");
    servers.broker.faults.inject({}, { kind: "close", handled: false }, { times: 1_000_000 });
    const sent = app.producer.send(OrderPlaced, order("o-1"));
    await untilSaid("200 503 disconnected");
    servers.broker.faults.clear();
    await sent;
    await servers.untilProcessed(group, { timeoutMs: 40_000 });
    await untilSaid("200 200 running");
    expect(signals.filter((signal) => signal.kind === "health.changed" && !signal.live)).to.deep.equal([]);
  });

  it("is dead when a handler goes on for a minute after it was called off, and alive when it ends", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start(() => held, { handlerTimeoutMs: 1_000 });
    const { partition, offset } = await servers.publish(OrderPlaced, order("o-1"));
    await waitUntil("the handler runs", async () =>
      (await probe()).health.consumers[0]!.partitions.some(({ running }) => running === 1),
    );
    await servers.clock.advance(2_000);
    expect((await probe()).said).to.equal("200 200 running");
    await servers.clock.advance(60_000);
    expect((await probe()).said).to.equal(`503 503 hung: billing at order-events/${partition}@${offset}`);
    release();
    await waitUntil("it is alive", async () => (await probe()).said.startsWith("200"));
  });

  it("is dead within ten seconds of a defect in its own loop", async () => {
    const Broken = {
      ...OrderPlaced,
      id: (): string => {
        throw new TypeError("undefined is not a function");
      },
    };
    await app
      .consumer({ group, ...quick })
      .on(Broken as never, () => {})
      .start();
    await servers.publish(OrderPlaced, order("o-1"));
    await untilSaid("503 503 failed: consumer pipeline");
  });

  it("is dead when its client gives up, because only a person can help", async () => {
    await start();
    servers.broker.faults.inject({ api: "Heartbeat", group }, { kind: "error", code: 30 }, { times: 100 });
    servers.broker.faults.inject({ api: "JoinGroup", group }, { kind: "error", code: 30 }, { times: 100 });
    await untilSaid(`503 503 failed: ${group}`);
    const crash = signals.find((signal) => signal.kind === "consumer.crashed" && signal.group === group);
    expect(crash).to.include({ willRestart: false });
  });

  it("is draining as soon as it is asked to close, and then gone", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun: string[] = [];
    await start(
      (id) => {
        begun.push(id);
        return held;
      },
      { closeTimeoutMs: 20_000 },
    );
    await servers.publish(OrderPlaced, order("o-1"));
    await waitUntil("the handler runs", () => begun.length === 1);
    const closing = app.close();
    // Not admitted any more, and so left to the next owner.
    await servers.publish(OrderPlaced, order("o-2"));
    expect(app.health()).to.include({ live: true, ready: false, summary: "draining", expected: "stopped" });
    expect((await probe()).said).to.equal("200 503 draining");
    release();
    await closing;
    expect(begun).to.deep.equal(["o-1"]);
    const left = servers.broker
      .lag(group)
      .reduce((sum, { end, committed }) => sum + end - (committed ?? 0), 0);
    expect(left).to.equal(1);
    expect(app.health()).to.include({ live: true, ready: false, summary: "stopped (expected)" });
    expect(await fetch(`http://127.0.0.1:${port}/livez`).catch((error: unknown) => error)).to.be.instanceOf(
      Error,
    );
  });

  it("lets a consumer be closed in the middle of a start that waits for its brokers", async () => {
    servers.broker.faults.inject({}, { kind: "close", handled: false }, { times: 1_000_000 });
    const consumer = app.consumer({ group, ...quick }).on(OrderPlaced, () => {});
    const starting = consumer.start().catch((error: unknown) => error);
    const begunMs = performance.now();
    await consumer.close();
    expect(performance.now() - begunMs).to.be.below(15_000);
    expect(await starting).to.be.instanceOf(Error);
    expect(app.health().summary).to.equal("stopped (expected)");
  });

  it("refuses a port that is taken, naming the setting, whichever way it was set", async () => {
    const environment = { KERYX__HEALTH__PORT: String(port), KERYX__HEALTH__HOST: "127.0.0.1" };
    const error = await connect({ health: {}, environment }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "port_taken" });
    expect(String(error)).to.include(`health.port: cannot listen on 127.0.0.1:${port}`);
  });

  it("answers no probe unless it is given a port", async () => {
    const silent = await connect({ health: {} });
    expect(signals.filter(({ kind }) => kind === "health.listening")).to.have.length(1);
    expect(silent.health().summary).to.equal("running");
  });
});
