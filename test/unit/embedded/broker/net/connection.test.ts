import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import type { BrokerSignal } from "../../../../../src/embedded/broker/signals.ts";
import { embeddedBrokers, until } from "../../../../support/embedded.ts";
import { dig, requestFrame, withLength } from "../../../../support/embedded-wire.ts";
import { createManualClock } from "../../../../support/manual-clock.ts";

describe("a connection to the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const fetchAll = {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ name: "orders", partitions: [{ index: 0, fetchOffset: 0, partitionMaxBytes: 10_000_000 }] }],
  };

  it("answers pipelined requests in the order in which they came, a waiting one first", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const client = await wire(broker);
    const waiting = client.ask("Fetch", 11, fetchAll);
    const behind = client.ask("Metadata", 1, { topics: [] });
    const order: string[] = [];
    const both = Promise.all([
      waiting.then(() => order.push("fetch")),
      behind.then(() => order.push("metadata")),
    ]);
    await until(() => broker.requests({ api: "Fetch" }).length === 1, "the fetch has arrived");
    expect(broker.requests({ api: "Metadata" })).to.have.length(0);
    broker.seed("orders", [{ value: "v" }]);
    await both;
    expect(order).to.deep.equal(["fetch", "metadata"]);
  });

  it("does not keep other connections waiting while one waits", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const [waiting, other] = [await wire(broker), await wire(broker)];
    waiting.send("Fetch", 11, fetchAll);
    expect(await other.ask("Metadata", 1, { topics: [] })).to.include({ controllerId: 0 });
  });

  it("takes frames that come byte by byte, and several in one piece", async () => {
    const broker = await start();
    const client = await wire(broker);
    const frame = requestFrame("ApiVersions", 0, {}, { correlationId: 77 });
    for (const byte of frame) client.raw(Buffer.from([byte]));
    expect((await client.nextFrame()).readInt32BE(0)).to.equal(77);
    client.raw(Buffer.concat([frame, frame, frame]));
    for (let index = 0; index < 3; index++) expect((await client.nextFrame()).readInt32BE(0)).to.equal(77);
  });

  const hostile: Readonly<Record<string, Buffer>> = {
    "a negative length": Buffer.from([0xff, 0xff, 0xff, 0xff]),
    "a length of 2 GB": Buffer.from([0x7f, 0xff, 0xff, 0xff]),
    "an empty frame": Buffer.alloc(4),
    "a body that ends too early": withLength(
      requestFrame("Metadata", 1, { topics: [{ name: "orders" }] }).subarray(4, -3),
    ),
    "more elements than bytes": withLength(
      Buffer.concat([
        requestFrame("Metadata", 1, { topics: null }).subarray(4, -4),
        Buffer.from([0x7f, 0, 0, 0]),
      ]),
    ),
    "an API that is not served": withLength(Buffer.from([0, 68, 0, 0, 0, 0, 0, 1, 0xff, 0xff])),
    "a version above the table": withLength(Buffer.from([0, 3, 0, 12, 0, 0, 0, 1, 0xff, 0xff])),
    "a version below what is served": withLength(Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff])),
    "a negative version of ApiVersions": withLength(Buffer.from([0, 18, 0xff, 0xff, 0, 0, 0, 1, 0xff, 0xff])),
  };
  for (const [what, bytes] of Object.entries(hostile))
    it(`is closed with a reason for ${what}, and no other is`, async () => {
      const signals: BrokerSignal[] = [];
      const broker = await start({ observe: (signal) => void signals.push(signal) });
      const [client, other] = [await wire(broker), await wire(broker)];
      client.raw(bytes);
      await client.closed;
      expect(await other.ask("Metadata", 1, { topics: [] })).to.include({ controllerId: 0 });
      const closed = signals.find((signal) => signal.kind === "connection.closed");
      expect(dig(closed, "reason")).to.be.a("string");
      expect(dig(closed, "reason")).not.to.include("[internal]");
    });

  it("answers newer ApiVersions than its own with version 0, error 35 and the range that it has", async () => {
    const client = await wire(await start());
    client.raw(withLength(Buffer.from([0, 18, 0, 4, 0, 0, 0, 9, 0xff, 0xff, 0, 9, 9, 9])));
    const frame = await client.nextFrame();
    expect([frame.readInt32BE(0), frame.readInt16BE(4)]).to.deep.equal([9, 35]);
    const ranges = new Map<number, readonly [number, number]>();
    for (let at = 10; at < frame.length; at += 6)
      ranges.set(frame.readInt16BE(at), [frame.readInt16BE(at + 2), frame.readInt16BE(at + 4)]);
    expect(ranges.get(18)).to.deep.equal([0, 2]);
  });

  it("refuses a request of more elements than any client sends, before it makes them", async () => {
    const broker = await start();
    const client = await wire(broker);
    const count = 1_000_001;
    const head = requestFrame("Metadata", 1, { topics: null }).subarray(4, -4);
    const emptyNames = Buffer.alloc(4 + 2 * count);
    emptyNames.writeInt32BE(count);
    client.raw(withLength(Buffer.concat([head, emptyNames])));
    await client.closed;
    expect(broker.requests()).to.have.length(0);
  });

  it("looks at no further request of a client that does not read its answers", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    broker.seed("orders", [{ value: Buffer.alloc(2_000_000) }]);
    const client = await wire(broker);
    client.pause();
    for (let index = 0; index < 40; index++) client.send("Fetch", 11, fetchAll);
    const fetches = (): number => broker.requests({ api: "Fetch" }).length;
    await until(() => fetches() > 0, "the first fetch has arrived");
    const other = await wire(broker);
    for (let index = 0; index < 20; index++) await other.ask("Metadata", 1, { topics: [] });
    expect(fetches()).to.be.lessThan(20);
    client.resume();
    for (let index = 0; index < 40; index++) await client.nextFrame();
    expect(fetches()).to.equal(40);
  });

  it("forgets a waiting request as soon as its client has gone", async () => {
    const clock = createManualClock();
    const broker = await start({ clock, topics: [{ name: "orders" }] });
    const client = await wire(broker);
    client.send("Fetch", 11, fetchAll);
    await until(() => broker.requests({ api: "Fetch" }).length === 1, "the fetch has arrived");
    client.close();
    await until(() => broker.connections().length === 0, "the broker has seen it go");
  });

  it("serves nothing behind credentials that it refused", async () => {
    const sasl = { users: { ann: "secret" } };
    const broker = await start({ listeners: [{ name: "login", sasl }] });
    const client = await wire(broker, { listener: "login" });
    await client.ask("SaslHandshake", 1, { mechanism: "PLAIN" });
    const wrong = { authBytes: Buffer.from("\0ann\0wrong") };
    client.raw(
      Buffer.concat([
        requestFrame("SaslAuthenticate", 0, wrong),
        requestFrame("SaslAuthenticate", 0, { authBytes: Buffer.from("\0ann\0secret") }),
        requestFrame("Metadata", 1, { topics: [] }),
      ]),
    );
    expect((await client.nextFrame()).readInt16BE(4)).to.equal(58);
    await client.closed;
    expect(broker.requests().map(({ api }) => api)).to.deep.equal(["SaslHandshake", "SaslAuthenticate"]);
  });

  it("is closed for anything but authentication before a login", async () => {
    const broker = await start({ listeners: [{ name: "login", sasl: { users: {} } }] });
    const client = await wire(broker, { listener: "login" });
    expect(await client.ask("ApiVersions", 2)).to.include({ errorCode: 0 });
    client.send("Metadata", 1, { topics: [] });
    await client.closed;
  });

  it("survives a client that resets it in the middle of an answer", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    broker.seed("orders", [{ value: Buffer.alloc(5_000_000) }]);
    const [host = "", port] = broker.bootstrap()[0]?.split(":") ?? [];
    const socket = connect(Number(port), host);
    await once(socket, "connect");
    socket.write(requestFrame("Fetch", 11, fetchAll));
    await once(socket, "readable");
    socket.resetAndDestroy();
    await until(() => broker.connections().length === 0, "the broker has seen it go");
    expect(await (await wire(broker)).ask("Metadata", 1, { topics: [] })).to.include({ controllerId: 0 });
  });
});
