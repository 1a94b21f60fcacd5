import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { OrderPlaced } from "../../generated/orders/v1/order_placed_events.ts";
import { connect, type KeryxApp } from "../../src/keryx.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { type Child, spawnChild } from "../support/servers/child.ts";
import { createTopics, uniqueName, waitUntil, withAdmin } from "../support/servers.ts";
import type { ShutdownInit } from "./shutdown-child.ts";
import { toShutdownEvent } from "./shutdown-event.ts";

const childFile = fileURLToPath(new URL("shutdown-child.ts", import.meta.url));

/** What holds when a service is asked to end, on any Kafka. */
export function describeShutdown(requireServers: GetServers): void {
  describe("a service that is asked to end", function () {
    this.timeout(120_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let folder = "";
    let app: KeryxApp;
    let topic = "";
    let group = "";
    let children: Child[] = [];

    before(async function () {
      servers = await requireServers(this);
    });

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "keryx-shutdown-"));
      topic = uniqueName("orders");
      group = uniqueName("billing");
      children = [];
      await createTopics(servers.brokers, [{ topic, partitions: 3 }]);
      app = await connect({
        brokers: servers.brokers,
        registry: servers.registryUrl,
        environment: {},
        cwd: folder,
        logging: { level: "silent" },
      });
    });

    afterEach(async () => {
      await Promise.all(children.map((child) => child.signal("SIGKILL")));
      await app.close();
      await rm(folder, { recursive: true, force: true });
    });

    const startChild = async (options: Partial<ShutdownInit> = {}): Promise<Child> => {
      const init: ShutdownInit = {
        ...{ brokers: servers.brokers, registryUrl: servers.registryUrl, topic, group },
        ...{ handlerMs: 150, closeTimeoutMs: 25_000, shutdownDelayMs: 0 },
        ...options,
      };
      const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];
      const args = [...flags, "--disable-warning=TimeoutNegativeWarning", childFile, JSON.stringify(init)];
      const child = spawnChild(process.execPath, args, { logFile: join(folder, "child.log") });
      children.push(child);
      await waitUntil("the service has joined", () => said(child, "started").length > 0, { children });
      return child;
    };
    /** What the child wrote behind a word, line by line. */
    const said = (child: Child, word: string): readonly string[] =>
      child
        .tail(100_000)
        .split("\n")
        .flatMap((line) => (line === word || line.startsWith(`${word} `) ? line.slice(word.length + 1) : []));
    const send = async (ids: readonly string[]): Promise<void> => {
      const event = toShutdownEvent(OrderPlaced, topic);
      await Promise.all(
        ids.map((orderId) =>
          app.producer.send(event, { orderId, eventId: `e-${orderId}`, customerId: "c", totalMinor: 1n }),
        ),
      );
    };
    const members = async (): Promise<number> =>
      withAdmin(servers.brokers, async (admin) => {
        // kafkajs knows no broker to ask before it has asked for something else.
        await admin.describeCluster();
        const { groups } = await admin.describeGroups([group]);
        return groups[0]?.members.length ?? 0;
      });
    /** Takes the group over and gives the ids that it hands out, until all are there. */
    const takeOver = async (left: readonly string[]): Promise<readonly string[]> => {
      const seen: string[] = [];
      await app
        .consumer({ group, createTopics: true, dedupe: "off" })
        .on(toShutdownEvent(OrderPlaced, topic), ({ orderId }) => void seen.push(orderId))
        .start();
      await waitUntil("the rest is handled", () => left.every((id) => seen.includes(id)));
      return seen;
    };
    const idsOf = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `o-${i}`);

    it("finishes what runs, commits, leaves its group and exits with 0: nothing is handled twice, nothing is lost", async () => {
      const child = await startChild({ shutdownDelayMs: 1_000 });
      const [port] = said(child, "listening");
      await send(idsOf(600));
      await waitUntil("it is at work", () => said(child, "end").length > 100, { children });
      const exit = child.signal("SIGTERM").then(() => child.exit);
      await waitUntil("it is not ready any more", async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
        return answer.status === 503 && (await answer.text()) === "draining\n";
      });
      expect(await exit, child.tail()).to.equal("exit code 0");
      expect(said(child, "asked")).to.deep.equal(["draining"]);
      const done = said(child, "end");
      expect(said(child, "begin")).to.have.members(done);
      expect(done).to.have.length.below(600);
      expect(await members()).to.equal(0);
      const left = idsOf(600).filter((id) => !done.includes(id));
      expect(await takeOver(left)).to.have.members(left);
    });

    it("gives handlers up that outlive the limit, and exits with 0 all the same: only theirs are handled again", async () => {
      const child = await startChild({ closeTimeoutMs: 300, handlerMs: 1 });
      await send([...idsOf(50), "stuck-1", "stuck-2"]);
      await waitUntil("the rest is done", () => said(child, "end").length === 50, { children });
      await waitUntil("the others run", () => said(child, "begin").length === 52, { children });
      await child.signal("SIGTERM");
      expect(await child.exit, child.tail()).to.equal("exit code 0");
      const unfinished = said(child, "revoked").reduce((sum, count) => sum + Number(count), 0);
      expect(unfinished).to.equal(2);
      expect(await members()).to.equal(0);
      expect([...(await takeOver(["stuck-1", "stuck-2"]))].sort()).to.deep.equal(["stuck-1", "stuck-2"]);
    });

    it("ends at once at a second signal, with the signal's own exit code and without a last commit", async () => {
      const child = await startChild({ handlerMs: 1 });
      await send(["stuck-1"]);
      await waitUntil("it runs", () => said(child, "begin").length === 1, { children });
      void child.signal("SIGTERM");
      await waitUntil("it was asked", () => said(child, "asked").length === 1, { children });
      await child.signal("SIGTERM");
      expect(await child.exit, child.tail()).to.equal("exit code 143");
      expect(said(child, "revoked")).to.deep.equal([]);
    });
  });
}
