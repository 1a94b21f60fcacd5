import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { OrderPlaced } from "../../generated/orders/v1/order_placed_events.ts";
import { headerNames, headerText, toHeader } from "../../src/core/headers.ts";
import type { OutgoingRecord, RawRecord } from "../../src/core/record.ts";
import {
  connect,
  type KeryxApp,
  type OutcomeLabel,
  type ReplayOptions,
  type Signal,
} from "../../src/index.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../src/transport/port.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { type Child, spawnChild } from "../support/servers/child.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

type OrderEvent = typeof OrderPlaced;

const childFile = fileURLToPath(new URL("./replay-child.ts", import.meta.url));

/** What holds of replays on any Kafka and registry. */
export function describeReplay(requireServers: GetServers): void {
  describe("a replay of dead letters on Kafka", function () {
    this.timeout(120_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let port: KafkaPort;
    let app: KeryxApp;
    let topic = "";
    let group = "";
    let signals: Signal[] = [];

    before(async function () {
      servers = await requireServers(this);
    });

    beforeEach(async () => {
      topic = uniqueName("orders");
      group = uniqueName("billing");
      signals = [];
      port = createKafkajsPort({ brokers: servers.brokers }, () => {});
      app = await connect({
        brokers: [...servers.brokers],
        registry: servers.registryUrl,
        environment: {},
        logDestination: { write: () => {} },
        observe: (signal) => void signals.push(signal),
        createTopics: true,
        consumer: { sessionTimeoutMs: 10_000, drainTimeoutMs: 2_000, commitTimeoutMs: 3_000 },
      });
      await createTopics(servers.brokers, [{ topic, partitions: 1 }]);
    });

    afterEach(async () => {
      await app.close();
      await port.close();
    });

    const readAll = async (name: string): Promise<readonly RawRecord[]> => {
      const admin = port.admin();
      const records: RawRecord[] = [];
      const each = async (record: RawRecord): Promise<void> => void records.push(record);
      for (const { partition, low, high } of await admin.offsets(name).finally(() => admin.close()))
        if (low < high) await port.read({ topic: name, partition, offset: low }, high, each);
      return records;
    };

    const produce = async (records: readonly OutgoingRecord[]): Promise<void> => {
      const producer = port.producer({
        acks: "all",
        idempotent: false,
        compression: "none",
        requestTimeoutMs: 10_000,
      });
      await producer.connect();
      await producer.send(records);
      await producer.close();
    };

    const createEvent = (): OrderEvent =>
      ({
        ...OrderPlaced,
        topic,
        subject: `${topic}-orders.v1.OrderPlaced`,
        policy: { ...OrderPlaced.policy, retry: { delaysMs: [100] }, deadLetter: `${topic}-dlq` },
      }) as OrderEvent;

    const send = (event: OrderEvent, orderId: string): Promise<unknown> =>
      app.producer.send(event, { eventId: `e-${orderId}`, orderId, customerId: "c-1", totalMinor: 4_200n });

    const deadLetters = async (name: string, count: number): Promise<readonly RawRecord[]> => {
      await waitUntil(`${count} on ${name}`, async () => (await readAll(name)).length >= count);
      return readAll(name);
    };

    describe("that is killed half-way", () => {
      const total = 1_500;
      const replayId = crypto.randomUUID();
      let folder = "";
      let child: Child | undefined;

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), "keryx-replay-"));
      });

      after(async () => {
        await child?.signal("SIGKILL");
        await rm(folder, { recursive: true, force: true });
      });

      const bury = async (): Promise<void> => {
        await createTopics(servers.brokers, [
          { topic: `${topic}-dlq`, partitions: 2 },
          { topic: `${topic}-retry-1`, partitions: 2 },
        ]);
        const headers = [
          toHeader(headerNames.group, group),
          toHeader(headerNames.side, "consumer"),
          toHeader(headerNames.originalTopic, topic),
        ];
        const records = Array.from({ length: total }, (_, i) => ({
          topic: `${topic}-dlq`,
          partition: i % 2,
          key: null,
          value: Buffer.from(`${i}`),
          headers,
        }));
        await produce(records);
      };

      it("sends each record once or twice when it is run again with its id", async () => {
        await bury();
        const { brokers } = servers;
        const options = { topic, group, replayId, maxPerSecond: 400 };
        const node = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];
        child = spawnChild(process.execPath, [...node, childFile, JSON.stringify({ brokers, ...options })], {
          logFile: join(folder, "child.log"),
        });
        const count = (): number =>
          readFileSync(join(folder, "child.log"), "utf8").split("\nsent ").length - 1;
        const progress = async (): Promise<number> => {
          const kept = await port.admin().groupOffsets(`${group}-replay-${replayId}`, [`${topic}-dlq`]);
          return kept.reduce((sum, { offset }) => sum + Number(offset), 0);
        };
        await waitUntil("a part of them to be kept", async () => (await progress()) >= 300, {
          children: [child],
        });
        await child.signal("SIGKILL");
        const atKill = count();
        expect(atKill, "it was killed in time").to.be.below(total);
        const result = await app.replay({ ...options, maxPerSecond: 5_000, dryRun: false });
        expect(result.resumed).to.equal(true);
        expect(result.sent, "it went on, and did not begin again").to.be.below(total - 200);
        const values = (await readAll(`${topic}-retry-1`)).map(({ value }) => String(value));
        const counts = new Map<string, number>();
        for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
        expect(counts.size).to.equal(total);
        expect(Math.max(...counts.values())).to.be.at.most(2);
      });
    });

    it("shows the records to the group that failed and to no other, byte for byte", async () => {
      const event = createEvent();
      const shipping = uniqueName("shipping");
      const billed: string[] = [];
      const shipped: string[] = [];
      let isMended = false;
      const consumer = app.consumer({ group }).on(event, ({ orderId }) => {
        if (!isMended) throw new Error("card declined");
        billed.push(orderId);
      });
      await consumer.start();
      await app
        .consumer({ group: shipping })
        .on(event, ({ orderId }) => void shipped.push(orderId))
        .start();
      for (const orderId of ["o-1", "o-2"]) await send(event, orderId);
      const dead = await deadLetters(`${topic}-dlq`, 2);
      await waitUntil("shipped", () => shipped.length === 2);
      isMended = true;
      expect((await app.replay({ topic, group, dryRun: false, checkValues: true })).sent).to.equal(2);
      await waitUntil("billed", () => billed.length === 2);
      const passedOver = (): number =>
        signals.filter(
          (signal) =>
            signal.kind === "record.handled" &&
            signal.record.group === shipping &&
            signal.reason === "other-group" &&
            signal.outcome === ("skipped" satisfies OutcomeLabel),
        ).length;
      // Two of the first failures, two of the replay.
      await waitUntil("passed over by the others", () => passedOver() === 4);
      expect([shipped.length, (await readAll(topic)).length]).to.deep.equal([2, 2]);
      const replayed = (await readAll(`${topic}-retry-1`)).slice(-2);
      const byKey = (records: readonly RawRecord[]): string[] =>
        records
          .map(
            ({ key, value }) =>
              `${Buffer.from(key ?? []).toString("hex")} ${Buffer.from(value ?? []).toString("hex")}`,
          )
          .sort();
      expect(byKey(replayed)).to.deep.equal(byKey(dead));
      const own = ({ headers }: RawRecord): string[] =>
        headers.flatMap(([name, value]) => (name.startsWith("keryx-") ? [] : `${name}=${value}`)).sort();
      expect(replayed.flatMap(own).sort()).to.deep.equal(dead.flatMap(own).sort());
    });

    it("mends values by the schema of today where it is told how, marks them, and keeps everything else", async () => {
      const event = createEvent();
      const billed: string[] = [];
      const handle = ({ currency, orderId }: { currency: string; orderId: string }): void => {
        if (currency === "") throw new Error("no currency");
        billed.push(`${orderId} ${currency}`);
      };
      await app.consumer({ group }).on(event, handle).start();
      for (const orderId of ["o-1", "o-2"]) await send(event, orderId);
      const dead = await deadLetters(`${topic}-dlq`, 2);
      const edit: ReplayOptions["edit"] = (value, about) => {
        const order = value as { orderId: string };
        if (about.event !== event || order.orderId !== "o-2") return undefined;
        return { ...order, currency: "EUR" };
      };
      const options = { topic, group, edit };
      expect(await app.replay(options)).to.deep.include({ planned: 2, edited: 1, sent: 0 });
      expect(await app.replay({ ...options, dryRun: false })).to.deep.include({
        sent: 2,
        edited: 1,
        rejected: 0,
      });
      await waitUntil("billed", () => billed.length === 1);
      expect(billed).to.deep.equal(["o-2 EUR"]);
      const [mended, ...others] = (await readAll(`${topic}-retry-1`)).filter(
        ({ headers }) => headerText(headers, headerNames.replayEdited) === "1",
      );
      expect(others).to.have.length(0);
      const was = dead.find(({ key }) => Buffer.from(key ?? []).equals(mended?.key ?? new Uint8Array(0)));
      const idOf = (record?: RawRecord): string | undefined =>
        headerText(record?.headers ?? [], headerNames.messageId);
      expect([idOf(mended), idOf(mended)]).to.deep.equal([idOf(was), "e-o-2"]);
    });

    it("leaves a dead letter where dead letters are when nobody made a parked topic, and holds nothing up", async () => {
      const event = createEvent();
      const consumer = app.consumer({ group }).on(event, () => {
        throw new Error("card declined");
      });
      await consumer.start();
      const retries = `${topic}-retry-1`;
      const headers = [
        toHeader(headerNames.group, group),
        toHeader(headerNames.replayCount, "3"),
        toHeader(headerNames.dueAt, "1"),
      ];
      await produce([{ topic: retries, key: null, value: Buffer.from("not framed"), headers }]);
      const [dead] = await deadLetters(`${topic}-dlq`, 1);
      expect(headerText(dead?.headers ?? [], headerNames.replayCount)).to.equal("3");
      await waitUntil("committed", async () => {
        const admin = port.admin();
        const offsets = await admin.groupOffsets(`${group}-retry`, [retries]).finally(() => admin.close());
        return offsets.some(({ offset }) => offset === 1n);
      });
    });

    it("parks what three replays did not help, and holds back what the schema of today cannot read", async () => {
      const event = createEvent();
      let isMended = false;
      let handled = 0;
      const consumer = app.consumer({ group }).on(event, () => {
        if (!isMended) throw new Error("card declined");
        handled++;
      });
      await consumer.start();
      await send(event, "o-1");
      for (const run of [1, 2, 3]) {
        await deadLetters(`${topic}-dlq`, run);
        const fromOffsets = { 0: BigInt(run) - 1n };
        expect((await app.replay({ topic, group, fromOffsets, dryRun: false })).sent).to.equal(1);
      }
      const [parked] = await deadLetters(`${topic}-dlq-parked`, 1);
      expect(headerText(parked?.headers ?? [], headerNames.replayCount)).to.equal("3");
      expect((await readAll(`${topic}-dlq`)).length).to.equal(3);
      const headers = (parked?.headers ?? []).filter(([name]) => name !== headerNames.replayCount);
      const unreadable = {
        topic: `${topic}-dlq-parked`,
        key: null,
        value: Buffer.from("not framed"),
        headers,
      };
      await produce([unreadable]);
      isMended = true;
      const again = await app.replay({ topic, group, parked: true, checkValues: true, dryRun: false });
      expect(again).to.deep.include({ planned: 2, sent: 1, rejected: 1 });
      const rejected = signals.filter(
        (signal) => signal.kind === "replay.record" && signal.outcome === "rejected",
      );
      expect(rejected.map((signal) => "reason" in signal && signal.reason)).to.deep.equal(["not-framed"]);
      await waitUntil("handled", () => handled === 1);
    });
  });
}
