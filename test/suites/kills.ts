import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { countRepeats, type RunRecords } from "../support/effects/judge.ts";
import { chooseSeed, createRandom } from "../support/effects/random.ts";
import { type Run, type RunOptions, startRun, type Worker } from "../support/effects/run.ts";
import { buildTasks } from "../support/effects/workload.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { waitUntil } from "../support/servers.ts";

export interface KillOptions {
  readonly kills: number;
  readonly total: number;
  readonly perSecond: number;
  /** How long a dead member's partitions stay with it; a server that can be told ends its session at once. */
  readonly expire?: RunOptions["expire"];
  /** Ends a worker at a point that the server sees, instead of at random. */
  readonly points?: readonly ((run: Run, worker: Worker) => Promise<void>)[];
}

const partitions = { retried: 2, ordered: 1 };
const maxWorkMs = 120;
const inFlight = 64;
const commitEvery = 500;

/**
 * What one kill may cause to be handled again: what runs, and what was done since the last commit, which goes out after
 * 500 completions of a partition. There are two retry topics.
 */
export const maxRepeatsPerKill: number =
  inFlight + commitEvery * (3 * partitions.retried + partitions.ordered);

/** Workers that are killed while events flow, until the given number of kills; then one that finishes. */
export function describeKills(requireServers: GetServers, options: KillOptions): void {
  const { kills, total, perSecond, points = [] } = options;
  describe(`a consumer that is killed ${kills} times while ${total.toLocaleString("en")} events flow`, function () {
    this.timeout(400_000);
    const seed = chooseSeed();
    let run: Run;
    let records: RunRecords;

    before(async function () {
      const servers = await requireServers(this);
      this.timeout(400_000);
      const repeats = { perKill: maxRepeatsPerKill, perLoss: 0, perRevoke: 0 };
      run = await startRun({
        ...{ name: "kills", seed, servers, partitions, perSecond, repeats },
        ...(options.expire ? { expire: options.expire } : {}),
      });
      await killAll();
      run.start();
      records = await run.finish(120_000);
      report();
    });
    after(async function () {
      const isGood = this.test?.parent?.tests.every(({ state }) => state === "passed") ?? false;
      await run?.close(isGood);
    });

    const killAll = async (): Promise<void> => {
      const random = createRandom(seed);
      const below = (limit: number): number => Math.floor(random() * limit);
      const tasks = [...buildTasks(seed, total, maxWorkMs)];
      const share = Math.ceil(total / kills);
      for (let kill = 0; kill < kills; kill++) {
        // Every life meets enough new events, however fast the machine is.
        run.sending.release(tasks.splice(0, share));
        const point = points[kill];
        if (point) await point(run, run.start());
        else if (kill % 5 === 3) await killAfter(0, below(2_500));
        else if (kill % 5 === 4) await killByItself(kill % 2 === 0, 1 + below(share));
        else await killAfter(1 + below(share), below(300));
      }
      run.sending.release(tasks);
    };

    const killAfter = async (effects: number, thenMs: number): Promise<void> => {
      const worker = run.start();
      const children = [worker.child];
      await waitUntil(`${effects} effects`, async () => worker.count() >= effects, { children });
      // Where in its work the kill falls is left to chance.
      await wait(thenMs);
      await run.kill(worker);
    };

    const killByItself = async (isBefore: boolean, nth: number): Promise<void> => {
      await run.noteDeath(run.start({ at: isBefore ? "before-handler" : "after-handler", nth }));
    };

    const report = (): void => {
      const repeats = countRepeats(records.effects);
      process.stderr.write(
        `Kills: ${records.effects.length} effects, ${repeats} repeats after ${kills} kills; bound per kill ${maxRepeatsPerKill}\n`,
      );
    };

    it("was really killed in the middle of work, and saw every way a handler can end", () => {
      const { effects, tasks, finalRead, history } = records;
      expect(tasks).to.have.length(total);
      expect(history.filter(({ name }) => name === "fault_start")).to.have.length(kills);
      expect(new Set(effects.map(({ client }) => client)).size).to.be.greaterThan(kills / 2);
      expect(new Set(effects.map(({ stage }) => stage))).to.deep.equal(
        new Set(["main", "retry-1", "retry-2"]),
      );
      const dead = finalRead.partitions.filter(({ topic }) => topic.endsWith("-dlq"));
      expect(dead.flatMap((one) => one.records).length).to.be.greaterThan(0);
      expect(countRepeats(effects), "repeats: without one, no kill met work under way").to.be.greaterThan(0);
    });

    it("loses nothing, invents nothing, keeps the order of keys without retry topics, and repeats within the bound", () => {
      expect(run.judge(records)).to.deep.equal([]);
    });

    it("ends each life without a defect in its log", () => {
      expect(run.defects()).to.deep.equal([]);
    });
  });
}
