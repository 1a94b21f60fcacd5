// Installs every peer, runs the list of operations on the embedded broker and on Apache Kafka, and writes docs/peers.md.
//   node run.ts [--embedded] [peer …]
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AvroPeerRun, runAvroLibrary } from "./avro-libraries.ts";
import { PeerUnavailable } from "./install.ts";
import { launch, type Outcome } from "./launch.ts";
import { type Peer, peers } from "./peers.ts";
import { type RegistryPeerRun, runRegistryClients } from "./registry-clients.ts";
import { type PeerRun, reportOf, tableOf } from "./report.ts";
import { type PeerServer, startEmbedded, startReal } from "./servers.ts";

const asked = process.argv.slice(2);
const names = asked.filter((one) => !one.startsWith("--"));
const onlyEmbedded = asked.includes("--embedded");
for (const name of names)
  if (!peers.some((one) => one.name === name)) {
    console.error(`There is no peer ${name}: ${peers.map((one) => one.name).join(", ")}`);
    process.exit(2);
  }
const chosen = peers.filter(({ name }) => names.length === 0 || names.includes(name));

// Its children end with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const servers: PeerServer[] = [await startEmbedded()];
const runs: PeerRun[] = [];
try {
  if (!onlyEmbedded) servers.push(await startReal());
  // One after the other: some bring a virtual machine along.
  for (const peer of chosen) runs.push(await runPeer(peer));
} finally {
  await Promise.all(servers.map((server) => server.close()));
}

const registryRuns = names.length === 0 ? await runRegistryClients() : [];
for (const run of registryRuns) tell(run);
const avroRun: AvroPeerRun | undefined = names.length === 0 ? await runAvroLibrary(10_000) : undefined;
if (avroRun?.kind === "ran")
  console.log([`${avroRun.client}: ${avroRun.count} values`, ...avroRun.problems].join("\n  ✘ "));
if (avroRun !== undefined && !onlyEmbedded)
  await writeFile(
    join(import.meta.dirname, "..", "..", "docs", "peers.md"),
    reportOf(runs, registryRuns, avroRun),
  );

const states = [
  ...runs.flatMap((run) => (run.kind === "ran" ? Object.values(run.outcomes) : [])),
  ...registryRuns.flatMap((run) => (run.kind === "ran" ? [toOutcome(run)] : [])),
  ...(avroRun?.kind === "ran" ? [toAvroOutcome(avroRun)] : []),
].flatMap(({ results }) => results.map(({ state }) => state));
const count = (state: string): number => states.filter((one) => one === state).length;
const skipped = [...runs, ...registryRuns, ...(avroRun === undefined ? [] : [avroRun])].filter(
  (run) => run.kind === "skipped",
);
for (const { name, reason } of skipped) console.log(`skipped: ${name}: ${reason}`);
console.log(`${count("passed")} passed, ${count("failed")} failed, ${skipped.length} skipped`);
process.exit(count("failed") > 0 ? 1 : 0);

function toOutcome({ results }: Extract<RegistryPeerRun, { kind: "ran" }>) {
  return { results: results.map(({ failure }) => ({ state: failure === undefined ? "passed" : "failed" })) };
}

function toAvroOutcome({ problems }: Extract<AvroPeerRun, { kind: "ran" }>) {
  return { results: [{ state: problems.length === 0 ? "passed" : "failed" }] };
}

function tell(run: RegistryPeerRun): void {
  if (run.kind === "skipped") return;
  console.log(run.client);
  for (const { name, failure } of run.results)
    console.log(
      `  ${failure === undefined ? "✔" : "✘"} ${name}${failure === undefined ? "" : `: ${failure}`}`,
    );
}

async function runPeer(peer: Peer): Promise<PeerRun> {
  const { name } = peer;
  try {
    const program = await peer.install();
    const outcomes: Partial<Record<PeerServer["kind"], Outcome>> = {};
    for (const server of servers) outcomes[server.kind] = await launch(program, server);
    const run: PeerRun = { kind: "ran", name, outcomes };
    console.log(tableOf(run));
    return run;
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error;
    return { kind: "skipped", name, reason: error.message };
  }
}
