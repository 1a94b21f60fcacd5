import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import type { Signal } from "../../../src/core/signals.ts";
import { coordinatorOf } from "../../suites/transport-faults.ts";
import { type Flow, startFlow } from "../../support/effects/flow.ts";
import { judge, type RunRecords } from "../../support/effects/judge.ts";
import { chooseSeed } from "../../support/effects/random.ts";
import { buildTasks } from "../../support/effects/workload.ts";
import {
  type KafkaCluster,
  requireFallibleKafka,
  requireServers,
  waitForFullIsr,
  waitUntil,
  withAdmin,
} from "../../support/servers.ts";

const perSecond = 150;
const outageMs = 20_000;
const frozenMs = 30_000;
const maxProduceGapMs = 10_000;
const quickMs = 20;

describe("An app whose brokers fail while it sends and handles events", function () {
  this.timeout(240_000);
  const seed = chooseSeed();
  let cluster: KafkaCluster;
  let registryUrl: string;
  let flow: Flow;
  const leaks: Error[] = [];
  // Plain kafkajs, with which the tests look at the cluster, warns of other things.
  const onWarning = (warning: Error): void => {
    if (warning.name === "MaxListenersExceededWarning") leaks.push(warning);
  };

  before(async function () {
    ({ registryUrl } = await requireServers(this));
    cluster = await requireFallibleKafka(this);
    process.on("warning", onWarning);
    process.stderr.write(`Outage test: KERYX_TEST_SEED=${seed}\n`);
  });
  afterEach(async () => {
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await flow?.close();
  });
  after(() => {
    process.off("warning", onWarning);
  });

  const start = async (seconds: number, maxWorkMs: number, slowSeconds = seconds): Promise<void> => {
    const tasks = buildTasks(seed, seconds * perSecond, maxWorkMs).map((task, index) =>
      index < slowSeconds * perSecond ? task : { ...task, workMs: Math.min(task.workMs, quickMs) },
    );
    const { brokers } = cluster;
    flow = await startFlow({ brokers, registryUrl, tasks, perSecond });
    await waitUntil("the flow is under way", async () => flow.effects.length >= 3 * perSecond);
  };

  const untilHandledAgain = async (what: string, timeoutMs: number): Promise<number> => {
    const [before, startedAt] = [flow.effects.length, performance.now()];
    await waitUntil(what, async () => flow.effects.length > before, { timeoutMs });
    return Math.round(performance.now() - startedAt);
  };

  /** One process, which stayed alive: its dedupe store leaves no repeat. */
  const expectKept = (records: RunRecords): void => {
    const { group, topics } = flow;
    const repeats = { perKill: 0, perLoss: 0, perRevoke: 0 };
    expect(judge(records, { seed, group, topics, repeats, networkFails: true })).to.deep.equal([]);
    const letters = records.finalRead.partitions.filter(({ topic }) => topic.endsWith("-dlq"));
    expect(letters.flatMap((one) => one.records).length).to.be.greaterThan(0);
    const isBad = ({ kind }: { kind: string }): boolean =>
      ["internal.error", "partition.stopped", "record.send_failed"].includes(kind);
    expect(flow.signals.filter(isBad)).to.deep.equal([]);
    const given = flow.signals.filter((signal) => signal.kind === "consumer.crashed" && !signal.willRestart);
    expect(given, "consumers that gave up").to.deep.equal([]);
    expect(leaks, "warnings of leaks").to.deep.equal([]);
  };

  it("waits out twenty seconds without any broker: no loss, no crash, and it goes on without a restart", async () => {
    // So slow at first that handlers run and records wait when the brokers go; what is sent later is soon caught up with.
    await start(35, 900, 10);
    await Promise.all(cluster.nodes.map((node) => node.kill("SIGKILL")));
    await wait(outageMs);
    await Promise.all(cluster.nodes.map((node) => node.start()));
    const recoveryMs = await untilHandledAgain("handling goes on", 60_000);
    const records = await flow.finish(90_000);
    process.stderr.write(`Outage test: handling again ${recoveryMs} ms after the brokers\n`);
    expect(records.tasks).to.have.length(35 * perSecond);
    expect(hasFelt(flow.signals), "the consumer noticed the outage").to.equal(true);
    expectKept(records);
  });

  it("goes on sending within ten seconds, and handling, while the broker of three that leads a partition and coordinates the group is frozen for thirty", async () => {
    await start(38, quickMs);
    const frozen = await coordinatorOf(cluster.brokers, flow.group);
    expect(await leadersOf(cluster, flow.topics.retried.name)).to.include(frozen);
    await waitForFullIsr(cluster.brokers, [flow.topics.retried.name, flow.topics.ordered.name]);
    await cluster.node(frozen).kill("SIGSTOP");
    let handledLate = 0;
    try {
      await wait(frozenMs - 10_000);
      const handled = flow.effects.length;
      await wait(10_000);
      handledLate = flow.effects.length - handled;
    } finally {
      await cluster.node(frozen).kill("SIGCONT");
    }
    const records = await flow.finish(60_000);
    const gapMs = Math.round(flow.sending.longestGapMs());
    process.stderr.write(
      `Outage test: a partition was ${gapMs} ms without an acknowledgement; ${handledLate} events handled in the last 10 s of the freeze\n`,
    );
    expect(gapMs, "milliseconds without an acknowledgement").to.be.below(maxProduceGapMs);
    expect(handledLate, "handled while the broker was frozen").to.be.greaterThan(0);
    expectKept(records);
  });
});

function hasFelt(signals: readonly Signal[]): boolean {
  return signals.some(({ kind }) => kind === "consumer.crashed" || kind === "offsets.commit_failed");
}

async function leadersOf({ brokers }: KafkaCluster, topic: string): Promise<readonly number[]> {
  const { topics } = await withAdmin(brokers, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  return (topics[0]?.partitions ?? []).map(({ leader }) => leader);
}
