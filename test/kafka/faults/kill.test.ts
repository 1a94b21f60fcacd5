import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { connect } from "../../../src/keryx.ts";
import { countRepeats, findViolations } from "../../support/effects/checker.ts";
import { readEffectLog } from "../../support/effects/effect-log.ts";
import { readCommitted, readDeadLetters, untilDone } from "../../support/effects/final-read.ts";
import type { History, Kill } from "../../support/effects/history.ts";
import { chooseSeed, createRandom } from "../../support/effects/random.ts";
import { type Sending, startSending } from "../../support/effects/send.ts";
import type { WorkerInit } from "../../support/effects/worker.ts";
import { attempts, buildTasks, type FlowTopics, toFlowTopics } from "../../support/effects/workload.ts";
import { type Child, spawnChild } from "../../support/servers/child.ts";
import {
  createTopics,
  requireServers,
  type SharedServers,
  uniqueName,
  waitUntil,
} from "../../support/servers.ts";

const kills = 10;
const total = 20_000;
const perSecond = 1_000;
const maxWorkMs = 120;
const partitions = { retried: 2, ordered: 1 };

// What a kill may cause to be handled again: what a partition had admitted beyond its last commit, which is at most 1,001
// records. There are two retry topics.
const maxSourceRepeatsPerKill = 1_001 * (partitions.retried + partitions.ordered);
const maxRepeatsPerKill = maxSourceRepeatsPerKill + 1_001 * 2 * partitions.retried;

const workerFile = fileURLToPath(new URL("../../support/effects/worker.ts", import.meta.url));

/** When a worker is killed: so long after it has done so many effects. */
interface KillPoint {
  readonly effects: number;
  readonly thenMs: number;
}

/**
 * Two of the points lie around the start and the join, the others in the middle of work; two of these so late that a
 * consumer which commits nothing repeats more than it may.
 */
function drawKillPoints(seed: number): readonly KillPoint[] {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: kills }, (_, index) => {
    if (index === 3 || index === 6) return { effects: 0, thenMs: below(8_000) };
    const effects = index === 1 || index === 7 ? 3_800 + below(400) : 1 + below(1_200);
    return { effects, thenMs: below(300) };
  });
}

function report(history: History): void {
  const { effects, deadLetters } = history;
  const perLife = Array.from({ length: kills + 1 }, (_, index) => {
    const own = effects.filter(({ life }) => life === index + 1);
    const again = new Set(effects.filter(({ life }) => life > index + 1).map(({ id }) => id));
    return `${own.length}/${own.filter(({ id }) => again.has(id)).length}`;
  });
  process.stderr.write(
    `Kill test: ${effects.length} effects, ${deadLetters.length} dead letters, ${countRepeats(history)} repeats; ` +
      `effects/of them repeated later, per life: ${perLife.join(" ")}; bound per kill ${maxSourceRepeatsPerKill} from ` +
      `source topics, ${maxRepeatsPerKill} in all\n`,
  );
}

describe("A consumer that is killed ten times while 20,000 events flow", function () {
  this.timeout(400_000);
  const seed = chooseSeed();
  let servers: SharedServers;
  let folder = "";
  let topics: FlowTopics;
  let init: Omit<WorkerInit, "log">;
  let history: History;
  const workers: Child[] = [];

  const logOf = (life: number): string => join(folder, `effects-${life}.log`);

  const startWorker = (life: number): Child => {
    const argument: WorkerInit = { ...init, log: logOf(life) };
    const args = [
      "--conditions=@keryx/source",
      "--disable-warning=ExperimentalWarning",
      workerFile,
      JSON.stringify(argument),
    ];
    const worker = spawnChild(process.execPath, args, { logFile: join(folder, `worker-${life}.log`) });
    workers.push(worker);
    return worker;
  };

  const killAt = async (life: number, { effects, thenMs }: KillPoint): Promise<Kill> => {
    const worker = startWorker(life);
    if (effects > 0)
      await waitUntil(`${effects} effects`, async () => readEffectLog(logOf(life), life).length >= effects, {
        children: [worker],
      });
    await wait(thenMs);
    expect(worker.ended(), worker.tail()).to.equal(undefined);
    await worker.signal("SIGKILL");
    return { life, committed: await readCommitted(servers.brokers, init.group, topics) };
  };

  const finishLast = async (sending: Sending): Promise<History["sent"]> => {
    const worker = startWorker(kills + 1);
    const sent = await sending.finish();
    await untilDone(servers.brokers, init.group, topics, 120_000);
    await worker.signal("SIGTERM");
    expect(worker.ended(), worker.tail()).to.equal("exit code 0");
    return sent;
  };

  const runAll = async (): Promise<History> => {
    const app = await connect({
      clientId: "sender",
      brokers: [...servers.brokers],
      registry: servers.registryUrl,
      logging: { level: "error" },
    });
    try {
      const sending = startSending(app, topics, perSecond);
      const tasks = [...buildTasks(seed, total, maxWorkMs)];
      const killed: Kill[] = [];
      for (const [index, point] of drawKillPoints(seed).entries()) {
        // Every life meets enough new events, however fast the machine is.
        sending.release(tasks.splice(0, point.effects + 400));
        killed.push(await killAt(index + 1, point));
      }
      sending.release(tasks);
      const sent = await finishLast(sending);
      const effects = Array.from({ length: kills + 1 }, (_, index) =>
        readEffectLog(logOf(index + 1), index + 1),
      ).flat();
      const deadLetters = await readDeadLetters(servers.brokers, topics);
      return { sent, effects, deadLetters, kills: killed };
    } finally {
      await app.close();
    }
  };

  before(async function () {
    servers = await requireServers(this);
    this.timeout(400_000);
    folder = await mkdtemp(join(tmpdir(), "keryx-kill-"));
    const run = uniqueName("kill");
    topics = toFlowTopics(run);
    init = { run, group: `${run}-group`, brokers: servers.brokers, registryUrl: servers.registryUrl };
    process.stderr.write(`Kill test: KERYX_TEST_SEED=${seed}, logs in ${folder}\n`);
    await createTopics(servers.brokers, [
      { topic: topics.retried.name, partitions: partitions.retried },
      { topic: topics.ordered.name, partitions: partitions.ordered },
    ]);
    history = await runAll();
    report(history);
  });

  after(async function () {
    await Promise.all(workers.map((worker) => worker.signal("SIGKILL")));
    const isGood = this.test?.parent?.tests.every(({ state }) => state === "passed") ?? false;
    if (isGood) await rm(folder, { recursive: true, force: true });
  });

  it("was really killed in the middle of work, and saw every way a handler can end", () => {
    const { sent, effects, deadLetters, kills: killed } = history;
    expect(sent).to.have.length(total);
    expect(killed).to.have.length(kills);
    const working = new Set(effects.map(({ life }) => life));
    expect(working.size).to.be.at.least(kills - 2);
    expect(new Set(effects.map(({ stage }) => stage))).to.deep.equal(new Set(["main", "retry-1", "retry-2"]));
    expect(deadLetters.length).to.be.greaterThan(0);
    expect(countRepeats(history), "repeats: without one, no kill met work under way").to.be.greaterThan(0);
  });

  it("loses nothing, invents nothing, keeps the order of keys without retry topics, and repeats within the bound", () => {
    const orderedTopics = new Set([topics.ordered.name]);
    expect(
      findViolations(history, { orderedTopics, attempts, maxSourceRepeatsPerKill, maxRepeatsPerKill }),
    ).to.deep.equal([]);
  });

  it("ends each life without a defect in its log", () => {
    for (const worker of workers) {
      const log = readFileSync(worker.logFile, "utf8");
      expect(log).not.to.match(/"internal\.error"|"partition\.stopped"|"will_restart":false|unhandled/i);
    }
  });
});
