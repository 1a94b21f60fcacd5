import { expect } from "chai";
import type { Signal } from "../../../src/core/signals.ts";
import { connect, type KeryxApp } from "../../../src/keryx.ts";
import { consumeFlow } from "../../support/effects/consume.ts";
import { type Flow, startFlow } from "../../support/effects/flow.ts";
import { judge } from "../../support/effects/judge.ts";
import { untilDone } from "../../support/effects/progress.ts";
import { chooseSeed } from "../../support/effects/random.ts";
import { buildTasks } from "../../support/effects/workload.ts";
import {
  type RegistryServer,
  requireServers,
  type SharedServers,
  startRegistry,
  uniqueName,
  waitUntil,
  withAdmin,
} from "../../support/servers.ts";

const perSecond = 200;
const maxResumeMs = 5_000;

describe("An app whose schema registry stops", function () {
  this.timeout(120_000);
  const seed = chooseSeed();
  let servers: SharedServers;
  let registry: RegistryServer;
  let flow: Flow;
  let late: KeryxApp | undefined;

  before(async function () {
    servers = await requireServers(this);
    process.stderr.write(`Registry outage test: KERYX_TEST_SEED=${seed}\n`);
  });
  beforeEach(async () => {
    registry = await startRegistry({ keepsSchemas: true });
    const tasks = buildTasks(seed, 5 * perSecond, 20);
    flow = await startFlow({ brokers: servers.brokers, registryUrl: registry.url, tasks, perSecond });
  });
  afterEach(async () => {
    await late?.close();
    late = undefined;
    await flow?.close();
    await registry?.close();
  });

  const pausesOf = (signals: readonly Signal[]): readonly Signal[] =>
    signals.filter((signal) => signal.kind === "partition.paused" && signal.cause === "registry");

  it("goes on sending and handling while its schemas are cached", async () => {
    await waitUntil("both events are handled", async () => {
      const seen = new Set(flow.effects.map(({ origin }) => origin.topic));
      return seen.size === 2 && flow.effects.length > 50;
    });
    await registry.stop();
    const before = flow.effects.length;
    const records = await flow.finish(30_000);
    expect(records.effects.length - before, "handled without a registry").to.be.greaterThan(100);
    expect(records.tasks).to.have.length(5 * perSecond);
    const repeats = { perKill: 0, perLoss: 0, perRevoke: 0, copies: 0 };
    expect(judge(records, { seed, group: flow.group, topics: flow.topics, repeats })).to.deep.equal([]);
    expect(pausesOf(flow.signals)).to.deep.equal([]);
  });

  it("pauses its partitions while a schema is not cached, dead-letters nothing, and resumes by itself", async () => {
    await flow.finish(30_000);
    await registry.stop();
    const signals: Signal[] = [];
    const handled: string[] = [];
    const group = uniqueName("cold");
    late = await connect({
      clientId: group,
      brokers: [...servers.brokers],
      registry: registry.url,
      logging: { level: "silent" },
      observe: (signal) => signals.push(signal),
    });
    const before = await countDeadLetters();
    await consumeFlow(late, group, flow.topics, ({ id }) => void handled.push(id)).start();
    const isPaused = (topic: string): boolean =>
      pausesOf(signals).some((signal) => signal.kind === "partition.paused" && signal.topic === topic);
    const { retried, ordered } = flow.topics;
    await waitUntil("both topics are paused", async () => isPaused(retried.name) && isPaused(ordered.name), {
      timeoutMs: 30_000,
    });
    // Held through several probes, not only until the first of them.
    const countHeld = (): number =>
      signals.filter((signal) => signal.kind === "record.handled" && signal.outcome === "held").length;
    const held = countHeld();
    await waitUntil("it was probed and held again", async () => countHeld() >= held + 6, {
      timeoutMs: 30_000,
    });
    expect(handled).to.deep.equal([]);
    expect(await countDeadLetters(), "dead letters while the registry was away").to.equal(before);
    await registry.start();
    const backAt = performance.now();
    await waitUntil("handling goes on", async () => handled.length > 0, { timeoutMs: 30_000 });
    const resumeMs = Math.round(performance.now() - backAt);
    await untilDone(servers.brokers, group, flow.topics, 60_000);
    process.stderr.write(`Registry outage test: handling again ${resumeMs} ms after the registry\n`);
    const succeeding = buildTasks(seed, 5 * perSecond, 20).filter(({ succeedsAt }) => succeedsAt > 0);
    expect(new Set(handled)).to.deep.equal(new Set(succeeding.map(({ id }) => id)));
    expect(resumeMs, "milliseconds until handling went on").to.be.at.most(maxResumeMs);
    const classes = signals.flatMap((signal) =>
      signal.kind === "record.handled" && signal.outcome === "dead_lettered" ? signal.failureClass : [],
    );
    expect(new Set(classes), "classes of dead letters").to.deep.equal(new Set(["transient"]));
  });

  async function countDeadLetters(): Promise<number> {
    const { deadLetter } = flow.topics.order.policy;
    const offsets = await withAdmin(servers.brokers, (admin) => admin.fetchTopicOffsets(deadLetter));
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  }
});
