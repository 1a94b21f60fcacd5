import type { AvroPeerRun } from "./avro-libraries.ts";
import type { Outcome, Result } from "./launch.ts";
import { operationNames, operations } from "./operations.ts";
import type { RegistryPeerRun } from "./registry-clients.ts";
import type { PeerServer } from "./servers.ts";

/** A peer's results by the server that it ran against, or why it did not run. */
export type PeerRun =
  | {
      readonly kind: "ran";
      readonly name: string;
      readonly outcomes: Readonly<Partial<Record<PeerServer["kind"], Outcome>>>;
    }
  | { readonly kind: "skipped"; readonly name: string; readonly reason: string };

type Ran = Extract<PeerRun, { kind: "ran" }>;

const signs = { passed: "✔", failed: "✘", absent: "–" } as const;

/** One line per operation that says more than that it passed on both. */
export function tableOf({ name, outcomes }: Ran): string {
  const { embedded, kafka } = outcomes;
  const lines = [`${embedded?.client || name}`];
  for (const op of operationNames) {
    const both = [resultOf(embedded, op), resultOf(kafka, op)];
    const [ours, theirs] = both.map((one) => (one === undefined ? "" : `${signs[one.state]} ${one.ms} ms`));
    const details = both.map((one) => (one === undefined || one.state === "passed" ? "" : one.detail));
    const detail = [...new Set(details.filter((one) => one !== ""))].join(" | ");
    lines.push(`  ${op.padEnd(20)} ${ours?.padEnd(12)} ${theirs?.padEnd(12)} ${detail}`.trimEnd());
  }
  return lines.join("\n");
}

function resultOf(outcome: Outcome | undefined, op: string): Result | undefined {
  return outcome?.results.find((one) => one.op === op);
}

/** `docs/peers.md`: versions, the table, what a client does not have. */
export function reportOf(
  runs: readonly PeerRun[],
  registryRuns: readonly RegistryPeerRun[],
  avroRun: AvroPeerRun,
): string {
  const ran = runs.filter((run) => run.kind === "ran");
  const skipped = [...runs, ...registryRuns, avroRun].filter((run) => run.kind === "skipped");
  const clientOf = ({ name, outcomes }: Ran): string => outcomes.embedded?.client || name;
  const cells = (op: string): string =>
    ran
      .map(({ outcomes }) => [resultOf(outcomes.embedded, op), resultOf(outcomes.kafka, op)])
      .map(([ours, theirs]) => {
        const pair = [ours, theirs].map((one) => (one === undefined ? "?" : signs[one.state]));
        return pair[0] === pair[1] ? pair[0] : pair.join(" / ");
      })
      .join(" | ");
  return `# Other people's clients

X
the settings of its own manual. \`npm run test:peers\` installs them outside the repository, runs them all and writes this
page; \`npm test\` runs kafkajs and those that are installed. The programs stand in \`test/peers\`.

✔ passed on both, – the client does not have it, ✘ failed; where the two differ, the embedded broker comes first.

| Client | Program |
|---|---|
${ran.map((run) => `| ${clientOf(run)} | \`test/peers/${run.name}\` |`).join("\n")}

${skipped.length === 0 ? "None was skipped." : `Skipped where this page was written: ${skipped.map(({ name, reason }) => `${name} (${reason})`).join("; ")}.`}

| Operation | ${ran.map(({ name }) => name).join(" | ")} |
|---|${ran.map(() => "---|").join("")}
${operationNames.map((op) => `| ${operations[op]} | ${cells(op)} |`).join("\n")}

## What a client does not have

${ran.map((run) => absences(run, clientOf(run))).join("\n")}

## Registry clients on the embedded registry

${registryRuns.map(registryLine).join("\n")}

## Avro libraries and generated codecs

${avroLine(avroRun)}
${notes}`;
}

function absences({ outcomes }: Ran, client: string): string {
  const reasons = new Map<string, string[]>();
  for (const { op, state, detail } of outcomes.embedded?.results ?? [])
    if (state === "absent") reasons.set(detail, [...(reasons.get(detail) ?? []), op]);
  if (reasons.size === 0) return `- **${client}**: nothing of the list.`;
  const parts = [...reasons].map(([reason, ops]) => `${ops.map((op) => `\`${op}\``).join(", ")}: ${reason}`);
  return `- **${client}**: ${parts.join("; ")}.`;
}

function registryLine(run: RegistryPeerRun): string {
  if (run.kind === "skipped") return `- ${run.name}: skipped (${run.reason}).`;
  const failed = run.results.filter(({ failure }) => failure !== undefined);
  const figures = `${run.results.length - failed.length} of ${run.results.length} passed`;
  return `- **${run.client}**: ${figures}${failed.map(({ name }) => `; failed: ${name}`).join("")}.`;
}

function avroLine(run: AvroPeerRun): string {
  if (run.kind === "skipped") return `- ${run.name}: skipped (${run.reason}).`;
  const { client, count, problems } = run;
  const end = problems.length === 0 ? "none differs" : `${problems.length} differ`;
  return `- **${client}**: ${count.toLocaleString("en")} values of ten records, awkward ones among them, written by either and read by the other: ${end}.`;
}

const notes = `
## What clients notice

- The embedded broker stands at the level of Kafka 2.4. What a client can only do with newer APIs is refused, not
  imitated: groups of the newer protocol (KIP-848), transactions of the second version (KIP-890), the offset of the
  largest timestamp, fetch sessions. Clients fall back to the older way by themselves, except where their user asks for
  the new one by name.
- kafka-python guesses the broker's release from Produce and takes it for Kafka 2.3: creating topics, it wants both
  the number of partitions and the replication factor, as it does against a real Kafka 2.3.
- franz-go takes five seconds to notice that a topic is gone, on both.
- kafkajs does not sort the list of aborted transactions, which Kafka gives in the order of their ends; the embedded
  broker gives it in the order of their first offsets, unless \`abortedOrder\` is \`completion\`.
`;
