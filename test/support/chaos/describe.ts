import { expect } from "chai";
import { startTestServers } from "keryx/testing";
import { chooseSeed } from "../effects/random.ts";
import type { ChaosResult, ChaosWorkload } from "./workload.ts";

/** Workloads side by side, each on embedded servers of its own, in the size that is part of every run. */
export function describeChaos(workloads: readonly ChaosWorkload[]): void {
  describe(workloads.map(({ name }) => name).join(" and "), function () {
    this.timeout(400_000);
    const seed = chooseSeed();
    const results = new Map<string, Promise<ChaosResult>>();

    before(() => {
      for (const workload of workloads) {
        const result = runSmall(workload, seed);
        // Its own test tells.
        result.catch(() => {});
        results.set(workload.name, result);
      }
    });
    // Also where a test gave up: nothing of a workload may go on behind it.
    after(() => Promise.allSettled(results.values()));

    for (const { name, shows } of workloads)
      it(`${name}: ${shows}`, async () => {
        const result = await results.get(name);
        process.stderr.write(`${name}: KERYX_TEST_SEED=${seed} ${JSON.stringify(result?.figures)}\n`);
        expect(result?.problems).to.deep.equal([]);
      });
  });
}

async function runSmall({ run }: ChaosWorkload, seed: number): Promise<ChaosResult> {
  await using embedded = await startTestServers({ broker: { brokers: 3 } });
  const { brokers, registryUrl } = embedded;
  const result = await run({ brokers, registryUrl, embedded }, seed, "small");
  embedded.assertFaultsFired();
  return result;
}
