import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { startTestServers, type TestServers } from "keryx/testing";
import { coordinatorOf, leadersOf } from "../support/faults/cluster.ts";
import { hookResolver, type TestResolver } from "../support/faults/resolver.ts";
import { until } from "../support/faults/run.ts";
import { describeScenarios, type Scenarios } from "../support/faults/scenarios.ts";

const faultMs = 5_000;

interface World {
  readonly servers: TestServers;
  readonly resolver: TestResolver;
}

const scenarios: Scenarios<World> = {
  "one broker cannot be reached: partitions led elsewhere are written and handled": async ({
    world: { servers },
    start,
  }) => {
    // What goes to the broker that is down must not make room by being given up.
    const producer = { requestTimeoutMs: 1_500, deliveryTimeoutMs: 120_000 };
    const run = await start({ servers, name: "one-down", connect: { producer } });
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
  "no broker can be reached: the app stays live, and tries again with growing pauses": async ({
    world: { servers },
    start,
  }) => {
    const run = await start({ servers, name: "all-down" });
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
    async ({ world: { servers }, start }) => {
      const run = await start({ servers, name: "one-way" });
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
  "connections that live a second: events keep flowing, and connections do not pile up": async ({
    world: { servers },
    start,
  }) => {
    const run = await start({ servers, name: "short-lives" });
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
    const rejected = run.history.filter(({ name }) => name === "producer_send_error");
    expect(rejected, "sends that failed").to.deep.equal([]);
  },
  "names that cannot be resolved are like brokers that cannot be reached": async ({
    world: { servers, resolver },
    start,
  }) => {
    const run = await start({ servers, name: "no-names", proxy: { host: "brokers.faults.test" } });
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
      .and.lessThan(faultMs / 5);
    await run.untilHandled(30);
    await run.finish();
  },
  "one produce request in ten reaches the broker twice: every event still has one effect": async ({
    world: { servers },
    start,
  }) => {
    const run = await start({ servers, name: "twice" });
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

describeScenarios(
  "Under a network that fails, nothing is lost, invented, reordered or committed too early",
  scenarios,
  async () => ({
    servers: await startTestServers({ broker: { brokers: 3 } }),
    resolver: hookResolver(".faults.test"),
  }),
  async ({ servers, resolver }) => {
    resolver.restore();
    await servers.close();
  },
);
