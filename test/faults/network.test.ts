import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { startTestServers, type TestServers } from "keryx/testing";
import { chooseSeed } from "../support/effects/random.ts";
import { coordinatorOf, leadersOf } from "../support/faults/cluster.ts";
import { hookResolver } from "../support/faults/resolver.ts";
import { type FaultRun, type FaultRunOptions, startFaultRun, until } from "../support/faults/run.ts";

const faultMs = 5_000;

describe("Under a network that fails, nothing is lost, invented, reordered or committed too early", function () {
  this.timeout(120_000);
  const seed = chooseSeed();
  const runs: FaultRun[] = [];
  const verdicts = new Map<string, Promise<void>>();
  let servers: TestServers;
  const resolver = hookResolver(".faults.test");

  const start = async (options: Omit<FaultRunOptions, "servers" | "seed">): Promise<FaultRun> => {
    const run = await startFaultRun({ servers, seed, ...options });
    runs.push(run);
    return run;
  };

  /** All at once: each has topics, a group and a proxy of its own. */
  const scenarios: Readonly<Record<string, () => Promise<void>>> = {
    "one broker cannot be reached: partitions led elsewhere keep moving": async () => {
      const run = await start({ name: "one-down", sendsDirectly: true });
      const topic = run.topics.retried.name;
      const coordinator = await coordinatorOf(servers.broker, run.group);
      const down = [0, 1, 2].find((id) => id !== coordinator) ?? 0;
      const leaders = await leadersOf(servers.broker, topic);
      await run.during("one broker down", async () => {
        run.proxy.toxic({ kind: "down" }, { broker: down });
        await wait(faultMs / 2);
        await run.untilHandled(30, ({ at }) => at.topic === topic && leaders[at.partition] !== down);
      });
      await run.finish();
    },
    "no broker can be reached: the app stays live, and tries again with growing pauses": async () => {
      const run = await start({ name: "all-down" });
      await run.during("all brokers down", async () => {
        run.proxy.toxic({ kind: "down" });
        await until("the outage is noticed", () =>
          run.signals.some(({ kind }) => kind === "connection.failed"),
        );
        for (const end = Date.now() + faultMs; Date.now() < end; await wait(100))
          expect(run.app.health().live, "live").to.equal(true);
      });
      const failures = run.signals.filter(({ kind }) => kind === "connection.failed").length;
      expect(failures, "attempts that were told of").to.be.lessThan(faultMs / 50);
      await run.proxy.heal();
      await run.untilHandled(30);
      await run.finish();
    },
    "answers of all brokers are lost: requests time out, and unanswered sends are not taken for failed":
      async () => {
        const run = await start({ name: "one-way" });
        await run.during("answers are lost", async () => {
          run.proxy.toxic({ kind: "timeout", timeoutMs: 0 }, { stream: "downstream" });
          await wait(faultMs);
        });
        await run.proxy.heal();
        await run.untilHandled(30);
        await run.finish();
        const failed = run.history.filter(
          (entry) => entry.name === "producer_send_error" && entry.result === "fail",
        );
        expect(failed).to.deep.equal([]);
      },
    "connections that live a second: events keep flowing, and connections do not pile up": async () => {
      const run = await start({ name: "short-lives" });
      await run.during("short lives", async () => {
        const before = run.proxy.connections().length;
        const fault = run.proxy.toxic({ kind: "lifetime", minMs: 500, maxMs: 1_500 });
        await wait(faultMs);
        await run.untilHandled(60);
        expect(fault.hits, "connections that were cut").to.be.greaterThan(5);
        expect(run.proxy.connections().length, "open connections").to.be.at.most(before + 6);
      });
      const opened = run.proxy.timeline.filter(({ kind }) => kind === "connection.opened").length;
      expect(opened, "connections in all: a storm would be thousands").to.be.lessThan(600);
      await run.finish();
    },
    "names that cannot be resolved are like brokers that cannot be reached": async () => {
      const run = await start({ name: "no-names", proxy: { host: "brokers.faults.test" } });
      await run.during("no resolver", async () => {
        resolver.isDown = true;
        // Open connections need no names, so they have to end.
        const cut = run.proxy.toxic({ kind: "reset_peer", timeoutMs: 0 });
        await until("connections are cut", () => cut.hits > 2);
        await cut.remove();
        await wait(faultMs);
        expect(run.app.health().live, "live").to.equal(true);
        resolver.isDown = false;
      });
      expect(resolver.failed, "lookups that failed, without a busy loop")
        .to.be.greaterThan(2)
        .and.lessThan(faultMs / 20);
      await run.untilHandled(30);
      await run.finish();
    },
    "one produce request in ten reaches the broker twice: every event still has one effect": async () => {
      const run = await start({ name: "twice" });
      const rule = run.proxy.rule(
        { api: "Produce", topic: run.topics.retried.name },
        { kind: "duplicate" },
        { times: Number.POSITIVE_INFINITY, probability: 0.1 },
      );
      await run.during("duplicates", () => until("duplicates", () => rule.hits >= 20));
      await run.finish();
      const deduped = run.history.filter((entry) => entry.name === "outcome" && entry.outcome === "deduped");
      expect(deduped.length, "second copies that were left out").to.be.greaterThan(0);
    },
  };

  before(async () => {
    process.stderr.write(`Network faults: KERYX_TEST_SEED=${seed}\n`);
    servers = await startTestServers({ broker: { brokers: 3 } });
    for (const [name, run] of Object.entries(scenarios)) {
      const verdict = run();
      verdict.catch(() => {});
      verdicts.set(name, verdict);
    }
  });
  after(async () => {
    await Promise.all(runs.map((run) => run.close()));
    await servers.close();
    resolver.restore();
  });

  for (const name of Object.keys(scenarios)) it(name, async () => verdicts.get(name));
});
