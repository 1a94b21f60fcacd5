import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { Toxic, ToxicScope } from "../../../../src/testing/proxy/options.ts";
import type { ChaosProxy } from "../../../../src/testing/proxy/proxy.ts";
import { chaosProxies } from "../../../support/chaos-proxies.ts";
import { until } from "../../../support/embedded.ts";
import { withLength } from "../../../support/embedded-wire.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

/** A request of Fetch with its id; the server echoes ids. */
function frameOf(id: number, size = 20): Buffer {
  const frame = Buffer.alloc(Math.max(size, 10));
  frame.writeInt16BE(1, 0);
  frame.writeInt16BE(11, 2);
  frame.writeInt32BE(id, 4);
  frame.writeInt16BE(-1, 8);
  return withLength(frame);
}

interface Client {
  readonly socket: Socket;
  readonly chunks: readonly Buffer[];
  readonly bytes: () => number;
  readonly errors: readonly string[];
  isOver: () => boolean;
}

describe("toxics of the chaos proxy", () => {
  const { proxy, server } = chaosProxies();
  const clients: Socket[] = [];
  afterEach(() => {
    for (const socket of clients.splice(0)) socket.destroy();
  });

  const echo = () => server((frame) => [Buffer.concat([frame.subarray(4, 8), frame.subarray(10)])]);
  const dial = (chaos: ChaosProxy): Client => {
    const [host, port] = (chaos.brokers[0] ?? "").split(":");
    const socket = connect({ host: host ?? "", port: Number(port) });
    clients.push(socket);
    const chunks: Buffer[] = [];
    const errors: string[] = [];
    let isOver = false;
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code ?? ""));
    socket.on("close", () => {
      isOver = true;
    });
    const bytes = () => chunks.reduce((sum, { length }) => sum + length, 0);
    return { socket, chunks, bytes, errors, isOver: () => isOver };
  };
  const started = async (toxic?: Toxic, scope?: ToxicScope) => {
    const clock = createManualClock();
    const chaos = await proxy({ brokers: [(await echo()).address], clock, seed: 7 });
    const fault = toxic === undefined ? undefined : chaos.toxic(toxic, scope);
    const client = dial(chaos);
    await once(client.socket, "connect");
    return { clock, chaos, client, fault };
  };
  /** Lets sockets have their say, long enough for anything that was not held back. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  /** Moves time on in small steps, since every piece sets a timer of its own. */
  const pass = async (clock: { advance(byMs: number): Promise<void> }, ms: number): Promise<void> => {
    for (let step = 0; step < 20; step++) {
      await clock.advance(ms / 20);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  it("latency holds chunks back, each for its own time and in order", async () => {
    const { clock, client, fault } = await started(
      { kind: "latency", latencyMs: 400, jitterMs: 100 },
      { stream: "upstream" },
    );
    client.socket.write(Buffer.concat([frameOf(1), frameOf(2)]));
    await settle();
    await pass(clock, 290);
    expect(client.bytes()).to.equal(0);
    await pass(clock, 220);
    await until(() => client.bytes() === 36, "both answers");
    expect(Buffer.concat(client.chunks).readInt32BE(4)).to.equal(1);
    expect(fault?.hits).to.equal(1);
  });

  it("bandwidth lets so many bytes through a second", async () => {
    const { clock, client } = await started(
      { kind: "bandwidth", bytesPerSecond: 1_000 },
      { stream: "downstream" },
    );
    client.socket.write(frameOf(1, 2_002));
    await settle();
    await pass(clock, 1_900);
    expect(client.bytes()).to.equal(0);
    await pass(clock, 200);
    await until(() => client.bytes() === 2_000, "the answer");
  });

  it("slow_close keeps the other side open for a while", async () => {
    const { clock, client, fault } = await started(
      { kind: "slow_close", delayMs: 500 },
      { stream: "upstream" },
    );
    client.socket.write(frameOf(1));
    await until(() => client.bytes() > 0, "an answer");
    client.socket.end();
    await settle();
    expect([client.isOver(), fault?.hits]).to.deep.equal([false, 1]);
    await pass(clock, 600);
    await until(client.isOver, "the connection has ended");
  });

  it("timeout loses what is sent, and closes the connection later or never", async () => {
    const { clock, chaos, client, fault } = await started({ kind: "timeout", timeoutMs: 300 });
    client.socket.write(frameOf(1));
    await settle();
    await pass(clock, 290);
    expect([client.bytes(), client.isOver()]).to.deep.equal([0, false]);
    await pass(clock, 20);
    await until(client.isOver, "the connection has ended");
    await fault?.remove();
    chaos.toxic({ kind: "timeout", timeoutMs: 0 });
    const second = dial(chaos);
    second.socket.write(frameOf(2));
    await settle();
    await pass(clock, 100_000);
    expect([second.bytes(), second.isOver()]).to.deep.equal([0, false]);
    await chaos.heal();
    second.socket.write(frameOf(3));
    await until(() => second.bytes() > 0, "the first answer");
    expect(second.chunks[0]?.readInt32BE(4), "the one before is lost").to.equal(3);
  });

  it("reset_peer resets the connection", async () => {
    const { clock, client } = await started({ kind: "reset_peer", timeoutMs: 100 });
    client.socket.write(frameOf(1));
    await until(() => client.bytes() > 0, "an answer");
    await pass(clock, 100);
    await until(client.isOver, "the connection has ended");
    expect(client.errors).to.deep.equal(["ECONNRESET"]);
  });

  it("slicer cuts chunks into pieces, and changes no byte", async () => {
    const { clock, client } = await started(
      { kind: "slicer", averageBytes: 100, variationBytes: 40, delayMs: 10 },
      { stream: "downstream" },
    );
    client.socket.setNoDelay(true);
    client.socket.write(frameOf(9, 1_006));
    await settle();
    await pass(clock, 40);
    const early = client.bytes();
    expect(early).to.be.greaterThan(0).and.lessThan(1_004);
    await pass(clock, 400);
    await until(() => client.bytes() === 1_004, "the whole answer");
    expect(client.chunks.length).to.be.greaterThan(1);
    expect(Buffer.concat(client.chunks).readInt32BE(4)).to.equal(9);
  });

  it("limit_data closes the connection behind so many bytes", async () => {
    const { client } = await started({ kind: "limit_data", bytes: 50 }, { stream: "downstream" });
    for (let id = 0; id < 5; id++) client.socket.write(frameOf(id));
    await until(client.isOver, "the connection has ended");
    expect(client.bytes()).to.be.at.most(50);
  });

  it("down ends connections and refuses new ones, until it is taken away", async () => {
    const { clock, chaos, client } = await started();
    client.socket.write(frameOf(1));
    await until(() => client.bytes() > 0, "an answer");
    const fault = chaos.toxic({ kind: "down" });
    await clock.advance(1);
    await until(client.isOver, "the connection has ended");
    const refused = dial(chaos);
    await until(refused.isOver, "the next one is refused");
    expect(refused.errors).to.deep.equal(["ECONNREFUSED"]);
    await fault.remove();
    const back = dial(chaos);
    back.socket.write(frameOf(2));
    await until(() => back.bytes() > 0, "an answer");
  });

  it("a partition lets nothing through in its direction, and what was sent arrives when it heals", async () => {
    const { chaos, client, fault } = await started({ kind: "partition" }, { stream: "downstream" });
    client.socket.write(Buffer.concat([frameOf(1), frameOf(2)]));
    await settle();
    expect(client.bytes()).to.equal(0);
    await chaos.heal();
    await until(() => client.bytes() === 36, "both answers");
    expect(fault?.hits).to.equal(1);
  });

  it("a lifetime, drawn from its range, ends each connection", async () => {
    const { clock, chaos, client } = await started({ kind: "lifetime", minMs: 500, maxMs: 1_500 });
    const others = Array.from({ length: 9 }, () => dial(chaos));
    await until(() => chaos.connections().length === 10, "all are open");
    await pass(clock, 490);
    expect([client, ...others].filter((one) => one.isOver())).to.have.length(0);
    await pass(clock, 500);
    await settle();
    const over = [client, ...others].filter((one) => one.isOver()).length;
    expect(over).to.be.greaterThan(0).and.lessThan(10);
    await pass(clock, 520);
    await until(() => [client, ...others].every((one) => one.isOver()), "all have ended");
  });

  it("acts on the share of the connections that toxicity says, the same ones for the same seed", async () => {
    const draw = async (seed: number): Promise<string> => {
      const chaos = await proxy({ brokers: [(await echo()).address], seed });
      chaos.toxic({ kind: "timeout", timeoutMs: 0 }, { toxicity: 0.5, stream: "upstream" });
      const told: boolean[] = [];
      for (let id = 0; id < 24; id++) {
        const client = dial(chaos);
        client.socket.write(frameOf(id));
        const hits = () => chaos.timeline.filter(({ kind }) => kind === "fault.hit").length;
        const before = told.filter((one) => one).length;
        await until(() => hits() > before || client.bytes() > 0, "it is drawn");
        told.push(hits() > before);
      }
      return told.map(Number).join("");
    };
    const [first, again, other] = [await draw(5), await draw(5), await draw(6)];
    expect(first).to.match(/1/).and.match(/0/);
    expect(again).to.equal(first);
    expect(other).not.to.equal(first);
  });

  it("says in its timeline what was done and when, and which toxic never acted", async () => {
    const { chaos, client } = await started({ kind: "latency", latencyMs: 0 });
    client.socket.write(frameOf(1));
    await until(() => client.bytes() > 0, "an answer");
    chaos.toxic({ kind: "down" }, { broker: 9 });
    await chaos.heal();
    const told = chaos.timeline.map(({ kind, fault }) => (fault === undefined ? kind : `${kind} ${fault}`));
    expect(told).to.deep.equal([
      "fault.added latency latencyMs=0",
      "connection.opened",
      "fault.hit latency latencyMs=0",
      "fault.added down broker=9",
      "fault.removed latency latencyMs=0",
      "fault.removed down broker=9",
      "healed",
    ]);
    expect(chaos.unused()).to.deep.equal(['[{"kind":"down"},{"broker":9}]']);
  });

  it("refuses numbers that make no sense", async () => {
    const { chaos } = await started();
    const wrong: readonly (readonly [Toxic, ToxicScope?])[] = [
      [{ kind: "latency", latencyMs: -1 }],
      [{ kind: "latency", latencyMs: Number.NaN }],
      [{ kind: "bandwidth", bytesPerSecond: 0 }],
      [{ kind: "down" }, { toxicity: -0.1 }],
    ];
    for (const [toxic, scope] of wrong)
      expect(() => chaos.toxic(toxic, scope))
        .to.throw()
        .with.property("code", "config_invalid");
  });
});
