// npm run test:chaos -- [--only <name>]… [--scale small|full] [--seed <n>] [--soak <minutes>] [--rate <events/s>] [--no-record]
// npm run test:chaos -- --take <results.json of another checkout>
// Workloads on embedded servers, one after the other; what full ones and soaks measure goes into docs/reliability.md.
import { parseArgs } from "node:util";
import { startTestServers } from "keryx/testing";
import { backlog } from "../support/chaos/backlog.ts";
import { kills } from "../support/chaos/kills.ts";
import { members, rebalances } from "../support/chaos/members.ts";
import { pace } from "../support/chaos/pace.ts";
import { record, recordAll } from "../support/chaos/results.ts";
import { runSoak } from "../support/chaos/soak.ts";
import type { ChaosResult, ChaosWorkload, Scale } from "../support/chaos/workload.ts";
import { chooseSeed } from "../support/effects/random.ts";

const workloads: readonly ChaosWorkload[] = [kills, members, rebalances, backlog, pace];

const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: "string", multiple: true, default: [] },
    scale: { type: "string", default: "small" },
    seed: { type: "string" },
    soak: { type: "string" },
    rate: { type: "string" },
    take: { type: "string" },
    record: { type: "boolean", default: true },
  },
});
const names = workloads.map(({ name }) => name);
const unknown = values.only.filter((name) => !names.includes(name));
const scale: Scale | undefined =
  values.scale === "full" || values.scale === "small" ? values.scale : undefined;
const minutes = Number(values.soak ?? 0);
const rate = values.rate === undefined ? undefined : Number(values.rate);
if (unknown.length > 0 || scale === undefined || Number.isNaN(minutes) || Number.isNaN(rate)) {
  process.stderr.write(
    `--only is one of ${names.join(", ")}; --scale is small or full; --soak is in minutes, --rate in events a second\n`,
  );
  process.exit(2);
}
const seed = values.seed === undefined ? chooseSeed() : Number(values.seed);
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const stopping = new AbortController();
process.once("SIGINT", () => stopping.abort());

let failures = 0;
const tell = (name: string, at: string, result: ChaosResult, isKept: boolean): void => {
  const { figures, problems } = result;
  log(`${name} (${at}), KERYX_TEST_SEED=${seed}: violations ${problems.length} ${JSON.stringify(figures)}`);
  for (const problem of problems) log(`  ${problem}`);
  failures += problems.length;
  if (isKept && values.record) record({ name, scale: at, seed, ...result });
};

const atRate = (size: string, perSecond: number): string =>
  `${size}, ${perSecond.toLocaleString("en")} events/s`;

async function soak(): Promise<void> {
  const perSecond = rate ?? 150;
  const result = await runSoak({ seed, forMs: minutes * 60_000, perSecond, signal: stopping.signal, log });
  tell("soak", atRate(`${minutes} min`, perSecond), result, true);
}

async function play(workload: ChaosWorkload, size: Scale): Promise<void> {
  const perSecond = workload.perSecond && (rate ?? workload.perSecond[size]);
  const at = perSecond === undefined ? workload.scales[size] : atRate(workload.scales[size], perSecond);
  log(`${workload.name}: ${at}`);
  await using embedded = await startTestServers({ broker: { brokers: 3 } });
  const { brokers, registryUrl } = embedded;
  const result = await workload.run({ brokers, registryUrl, embedded }, seed, size, perSecond);
  tell(workload.name, at, result, size === "full");
}

if (values.take !== undefined) recordAll(values.take);
else if (minutes > 0) await soak();
else
  for (const workload of workloads)
    if (values.only.length === 0 || values.only.includes(workload.name))
      // One that could not be ended leaves the others their turn.
      await play(workload, scale).catch((error: unknown) => {
        failures++;
        log(`${workload.name}, KERYX_TEST_SEED=${seed}: ${error instanceof Error ? error.stack : error}`);
      });
process.exitCode = failures > 0 ? 1 : 0;
