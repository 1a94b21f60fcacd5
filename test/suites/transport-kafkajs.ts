import { spawn } from "node:child_process";
import { expect } from "chai";
import kafkajs from "kafkajs";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { uniqueName } from "../support/servers.ts";
import { transportContract } from "./transport.ts";
import { createRecorder, failure, join, outgoing, text, until } from "./transport-tools.ts";

/** What holds on any Kafka and registry. */
export function describeTransport(requireServers: GetServers): void {
  describe("kafkajs behind the port", function () {
    this.timeout(60_000);
    let brokers: readonly string[] = [];
    before(async function () {
      ({ brokers } = await requireServers(this));
    });

    transportContract(() => createKafkajsPort({ brokers }, () => {}));

    it("a wrong address is told apart from a missing topic", async () => {
      const port = createKafkajsPort({ brokers: ["127.0.0.1:1"], connectionTimeoutMs: 500 }, () => {});
      const error = await failure(port.ping());
      expect(error).to.include({ code: "broker_unreachable", retriable: true });
      expect(error.message).to.contain("127.0.0.1:1");
      const producer = port.producer({
        acks: "all",
        idempotent: false,
        compression: "none",
        requestTimeoutMs: 1_000,
      });
      expect((await failure(producer.send([outgoing("any", "k", "v")]))).code).to.equal("broker_unreachable");
      expect((await failure(join(port, ["any"], "group"))).code).to.equal("broker_unreachable");
      await port.close();
      expect((await failure(port.ping())).code).to.equal("closed");
    });

    it("aborted transactions are left out, and the offsets that they and their marks take are told", async () => {
      const port = createKafkajsPort({ brokers }, () => {});
      const topic = uniqueName("transport");
      await port.admin().createTopics([{ topic, partitions: 1 }]);
      const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
      const foreign = kafka.producer({
        transactionalId: uniqueName("tx"),
        maxInFlightRequests: 1,
        idempotent: true,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await foreign.connect();
      for (const [value, isKept] of [
        ["gone", false],
        ["kept", true],
        ["gone too", false],
      ] as const) {
        const transaction = await foreign.transaction();
        await transaction.send({ topic, messages: [{ value }] });
        await (isKept ? transaction.commit() : transaction.abort());
      }
      const member = await join(port, [topic], uniqueName("group"));
      await until("past the last mark", () => member.batches.at(-1)?.nextOffset === 6n);
      expect(member.values()).to.deep.equal(["kept"]);
      const transaction = await foreign.transaction();
      await transaction.send({ topic, messages: [{ value: "gone as well" }] });
      await transaction.abort();
      await foreign.disconnect();
      await until("past a stretch without records", () => member.batches.at(-1)?.nextOffset === 8n);
      expect(member.batches.at(-1)!.records.size()).to.equal(0);
      const read: (string | null)[] = [];
      await port.read(
        { topic, partition: 0, offset: 0n },
        4n,
        async (record) => void read.push(text(record.value)),
      );
      expect(read).to.deep.equal(["kept"]);
      await port.close();
    });

    it("a member that the coordinator no longer knows loses its partitions without a commit, and joins again", async () => {
      const port = createKafkajsPort({ brokers }, () => {});
      const [topic, group] = [uniqueName("transport"), uniqueName("group")];
      await port.admin().createTopics([{ topic, partitions: 2 }]);
      const member = await join(port, [topic], group);
      const joined = member.events.find((event) => event.kind === "joined");
      await expel(brokers, group, joined?.kind === "joined" ? joined.memberId : "");
      await until(
        "a new assignment",
        () => member.log.filter((line) => line.startsWith("assigned")).length === 2,
      );
      expect(member.log).to.deep.equal(["assigned 2", "lost 2", "assigned 2"]);
      await port.close();
    });

    it("a decompression bomb stops its partition within the limit, and the others go on", async function () {
      this.timeout(90_000);
      const port = createKafkajsPort({ brokers }, () => {});
      const topic = uniqueName("transport");
      await port.admin().createTopics([{ topic, partitions: 2 }]);
      const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
      const foreign = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await foreign.connect();
      const bomb = Buffer.alloc(72 * 1024 * 1024);
      await foreign.send({
        topic,
        compression: kafkajs.CompressionTypes.GZIP,
        messages: [{ partition: 0, value: bomb }],
      });
      await foreign.send({ topic, messages: [{ partition: 1, value: "harmless" }] });
      await foreign.disconnect();
      const member = await join(port, [topic], uniqueName("group"));
      await until("the harmless record", () => member.records.length === 1);
      await until("the report", () => member.events.some(({ kind }) => kind === "unreadable"));
      const report = member.events.find((event) => event.kind === "unreadable");
      expect(report?.kind === "unreadable" && report.at).to.deep.equal({ topic, partition: 0, offset: 0n });
      expect(report?.kind === "unreadable" && (report.error as { details: object }).details).to.include({
        reason: "too-large",
      });
      expect(member.values()).to.deep.equal(["harmless"]);
      await port.close();
    });

    it("signals tell of nothing unknown, and nothing reaches stdout or stderr", async () => {
      const recorder = createRecorder();
      const port = createKafkajsPort({ brokers }, recorder.observe);
      await port.ping();
      await port.close();
      expect(recorder.signals).to.deep.equal([]);
      const { stdout, stderr, code } = await runChild(brokers);
      expect({ stdout, stderr, code }).to.deep.equal({ stdout: "", stderr: "", code: 0 });
    });
  });
}

/** Removes a member behind its back, as the coordinator does when a session expires. */
async function expel(brokers: readonly string[], groupId: string, memberId: string): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description?.endsWith("createCluster"),
  )!;
  const create = (kafka as unknown as Record<symbol, (options: object) => ExpellingCluster>)[symbol]!;
  const cluster = create({ metadataMaxAge: 0 });
  await cluster.connect();
  await cluster.refreshMetadata();
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  await coordinator.leaveGroup({ groupId, memberId });
  await cluster.disconnect();
}

interface ExpellingCluster {
  connect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(request: { groupId: string }): Promise<{ leaveGroup(request: object): Promise<void> }>;
}

/** A whole life in a process of its own, whose output can be seen whole. */
async function runChild(
  brokers: readonly string[],
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const script = new URL("./transport-child.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=@keryx/source", script, brokers.join(",")]);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { stdout, stderr, code };
}
