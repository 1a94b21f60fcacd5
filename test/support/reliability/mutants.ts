import type { Patch } from "./plant.ts";

/** A defect of the engine, as a change of its source. */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** How some problem of its run begins. */
  readonly finds: string;
}

const consumer = (file: string, find: string, replace: string): Patch => ({
  file: `src/consumer/${file}`,
  find,
  replace,
});

const sending = "await sink.send(outgoing);";

export const mutants: readonly Mutant[] = [
  {
    name: "commits the highest completed offset",
    patches: [
      consumer(
        "offsets.ts",
        "      const offset = watermark();\n      if (offset === undefined) return undefined;",
        "      const offset = completedTo();\n      if (offset === 0n) return undefined;",
      ),
    ],
    finds: "commits: above-unfinished",
  },
  {
    name: "completes a record before its dead letter is acknowledged",
    patches: [consumer("steps/settle.ts", sending, "void sink.send(outgoing).catch(() => {});")],
    finds: "nothing-lost",
  },
  {
    name: "drops what is queued at a rebalance, and does not fetch it again",
    patches: [
      consumer(
        "lanes.ts",
        "export function dropQueued({ queue }: Partition): void {",
        `export function dropQueued({ queue, offsets }: Partition): void {
  for (let head = queue.ready.shift(); head; head = queue.ready.shift())
    for (let work: Work | undefined = head; work; work = work.next) offsets.complete(work);`,
      ),
    ],
    finds: "nothing-lost",
  },
  {
    name: "accepts completions of an assignment that is over",
    patches: [
      consumer("steps/endings.ts", 'if (phase === "closed") {', "if (phase === undefined) {"),
      consumer(
        "assignment/committer.ts",
        'partition.phase === "closed" ? undefined : partition.offsets.take(isPlain)',
        "partition.offsets.take(isPlain)",
      ),
    ],
    finds: "commits: closed-epoch",
  },
  {
    name: "does not wait for its handlers when it is asked to end",
    patches: [
      consumer("assignment/reader.ts", "await drain(open, deps.closeTimeoutMs);", "await drain(open, 0);"),
    ],
    finds: "repeats: too-many",
  },
  {
    name: "leaves without a last commit when it is asked to end",
    patches: [
      consumer(
        "assignment/reader.ts",
        "await committer.flush(leaving, deps.commitTimeoutMs);",
        "if (!isClosing) await committer.flush(leaving, deps.commitTimeoutMs);",
      ),
    ],
    finds: "repeats: too-many",
  },
  {
    name: "hands over twice",
    patches: [consumer("steps/settle.ts", sending, `${sending} ${sending}`)],
    finds: "repeats: surplus-copy",
  },
  {
    name: "encodes a value anew on its way",
    patches: [
      consumer(
        "retry-topics.ts",
        "value: record.value,",
        'value: record.value && Buffer.concat([record.value, Buffer.from(" ")]),',
      ),
    ],
    finds: "dead-letters: value",
  },
  {
    name: "loses a header on its way",
    patches: [
      consumer(
        "retry-topics.ts",
        "headers: toHopHeaders(handOver),",
        "headers: toHopHeaders(handOver).toSpliced(1, 1),",
      ),
    ],
    finds: "dead-letters: headers",
  },
  {
    name: "never releases a claim",
    patches: [
      consumer(
        "dedupe.ts",
        "    if (!claim) return;\n    work.claim = undefined;",
        "    if (claim) return;\n    work.claim = undefined;",
      ),
    ],
    finds: "stuck",
  },
  {
    name: "marks a message as done before its handler",
    patches: [
      consumer(
        "dedupe.ts",
        "    pass.work.claim = claim;",
        "    pass.work.claim = claim;\n    void store.done(claim.key, claim.owner, ttlMs);",
      ),
    ],
    finds: "at-least-once: dropped-as-duplicate",
  },
  {
    name: "resumes a partition that another cause keeps paused",
    patches: [consumer("assignment/pauses.ts", "causes &= ~bits[cause];", "causes = 0;")],
    finds: "pauses",
  },
  {
    name: "counts the attempts of all partitions together",
    patches: [
      consumer(
        "steps/endings.ts",
        "work.triesHere++;",
        "work.triesHere = Reflect.set(globalThis, 'tries', (Reflect.get(globalThis, 'tries') ?? 0) + 1) ? Reflect.get(globalThis, 'tries') : 0;",
      ),
    ],
    finds: "attempts: too-many",
  },
  {
    name: "runs a retry before it is due",
    patches: [
      consumer(
        "assignment/due.ts",
        "return intake.due.atMs > now ? intake.due.atMs - now : undefined;",
        "return undefined;",
      ),
    ],
    finds: "attempts: early",
  },
  {
    name: "forgets completions when a commit fails",
    patches: [
      consumer(
        "assignment/committer.ts",
        '      for (const partition of partitions) if (partition.phase !== "closed") dirty.add(partition);',
        "",
      ),
    ],
    finds: "stuck",
  },
  {
    name: "skips tombstones",
    patches: [
      consumer(
        "steps/decode.ts",
        "    if (record.value === null) {",
        '    if (record.value === null) return { kind: "skip", reason: "tombstone" };\n    if (record.value === null) {',
      ),
    ],
    finds: "nothing-lost",
  },
  {
    name: "takes an outage of the registry for poison",
    patches: [
      consumer(
        "steps/classify.ts",
        '    case "registry_error":\n      return undefined;',
        '    case "registry_error":\n      return toFailure("bad-bytes", thrown);',
      ),
    ],
    finds: "dead-letters: unexpected-class",
  },
];
