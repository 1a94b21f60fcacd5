import { chooseSeed } from "../effects/random.ts";
import { type FaultRun, type FaultRunOptions, startFaultRun } from "./run.ts";

/** What a scenario is given. */
export interface Stage<World> {
  readonly world: World;
  readonly seed: number;
  /** Starts a run of its own, closed behind the last scenario. */
  start(options: Omit<FaultRunOptions, "seed">): Promise<FaultRun>;
}

export type Scenarios<World> = Readonly<Record<string, (stage: Stage<World>) => Promise<void>>>;

/** Scenarios to run: `KERYX_TEST_ONLY` names one by a part of its title, so that it can be repeated by itself. */
export function chosen<Play>(
  scenarios: Readonly<Record<string, Play>>,
): readonly (readonly [string, Play])[] {
  return Object.entries(scenarios).filter(([name]) => name.includes(process.env["KERYX_TEST_ONLY"] ?? ""));
}

/** Runs all scenarios at once, since each has topics, a group and a proxy of its own, and gives each a test. */
export function describeScenarios<World>(
  title: string,
  scenarios: Scenarios<World>,
  open: () => Promise<World>,
  close: (world: World) => Promise<void>,
): void {
  describe(title, function () {
    this.timeout(600_000);
    const seed = chooseSeed();
    const runs: FaultRun[] = [];
    const verdicts = new Map<string, Promise<void>>();
    let world: World | undefined;

    before(async () => {
      process.stderr.write(`${title}: KERYX_TEST_SEED=${seed}\n`);
      const opened = await open();
      world = opened;
      const start = async (options: Omit<FaultRunOptions, "seed">): Promise<FaultRun> => {
        const run = await startFaultRun({ ...options, seed });
        runs.push(run);
        return run;
      };
      for (const [name, play] of chosen(scenarios)) {
        const verdict = play({ world: opened, seed, start });
        // Told by its own test.
        verdict.catch(() => {});
        verdicts.set(name, verdict);
      }
    });
    after(async () => {
      await Promise.all(runs.map((run) => run.close()));
      if (world !== undefined) await close(world);
    });

    for (const [name] of chosen(scenarios)) it(name, async () => verdicts.get(name));
  });
}
