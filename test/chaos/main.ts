// npm run test:chaos -- [--only <name>]… [--scale small|full] [--seed <n>] [--soak <minutes>] [--rate <events/s>] [--no-record]
// Workloads on embedded servers, one after the other; what full ones and soaks measure goes into docs/reliability.md.
import { parseArgs } from "node:util";
import { startTestServers } from "keryx/testing";
import { backlog } from "../support/chaos/backlog.ts";
import { kills } from "../support/chaos/kills.ts";
import { members, rebalances } from "../support/chaos/members.ts";
import { record } from "../support/chaos/results.ts";
import { runSoak } from "../support/chaos/soak.ts";
import type { ChaosResult, ChaosWorkload, Scale } from "../support/chaos/workload.ts";
import { chooseSeed } from "../support/effects/random.ts";

const workloads: readonly ChaosWorkload[] = [kills, members, rebalances, backlog];

const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: "string", multiple: true, default: [] },
    scale: { type: "string", default: "small" },
    seed: { type: "string" },
    soak: { type: "string" },
    rate: { type: "string", default: "150" },
    record: { type: "boolean", default: true },
  },
});
const names = workloads.map(({ name }) => name);
const unknown = values.only.filter((name) => !names.includes(name));
const scale: Scale | undefined =
  values.scale === "full" || values.scale === "small" ? values.scale : undefined;
const minutes = Number(values.soak ?? 0);
if (unknown.length > 0 || scale === undefined || Number.isNaN(minutes)) {
  process.stderr.write(
    `--only is one of ${names.join(", ")}; --scale is small or full; --soak is in minutes\n`,
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

if (minutes > 0) {
  const perSecond = Number(values.rate);
  const result = await runSoak({ seed, forMs: minutes * 60_000, perSecond, signal: stopping.signal, log });
  tell("soak", `${minutes} min, ${perSecond} events/s`, result, true);
} else
  for (const workload of workloads) {
    const { name, scales } = workload;
    if (values.only.length > 0 && !values.only.includes(name)) continue;
    log(`${name}: ${scales[scale]}`);
    await using embedded = await startTestServers({ broker: { brokers: 3 } });
    const { brokers, registryUrl } = embedded;
    const result = await workload.run({ brokers, registryUrl, embedded }, seed, scale);
    tell(name, scales[scale], result, scale === "full");
  }
process.exitCode = failures > 0 ? 1 : 0;
