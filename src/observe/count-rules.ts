import type { Signal } from "../core/signals.ts";

/** Every metric with its labels, always these: never a key, an offset or a text out of a message. */
export const countLabels = {
  /** Records handed to a producer. */
  sent: ["topic", "event"],
  /** Records that brokers acknowledged. */
  produced: ["topic", "event"],
  /** Sends that were rejected, by error code. */
  sendsFailed: ["topic", "event", "code"],
  /** Records delivered to the engine, once for each pass. */
  consumed: ["topic", "group"],
  /** Passes over records, by how they ended. */
  outcomes: ["topic", "event", "group", "outcome"],
  /** Milliseconds spent on passes that ran the record. */
  processingMs: ["topic", "event", "group"],
  /** Attempts behind the first one, by the stage that made them. */
  retries: ["topic", "event", "stage"],
  /** Records written to dead-letter topics, by failure class. */
  deadLetters: ["topic", "event", "group", "class"],
  /** Records that could not be decoded, by reason. */
  decodeErrors: ["reason"],
  /** Handlers that outlived their deadline. */
  overdue: ["topic", "event", "group"],
  /** Offsets that brokers took. */
  commits: ["topic", "group"],
  /** Commits that no broker took. */
  commitsFailed: ["group"],
  /** Batches, completions and commits of assignments that were over. */
  dropped: ["topic", "group", "why"],
  /** Positions that the broker no longer held. */
  resets: ["topic", "group"],
  /** Commits whose map of what is done above them could not be used, or not be kept. */
  mapsDropped: ["topic", "group", "why"],
  /** Records that ran without dedupe, because the store was down and the consumer may go on. */
  dedupeBypassed: ["topic", "event", "group"],
  /** Partitions that were paused, by cause. */
  pauses: ["topic", "group", "cause"],
  /** Partitions that stand still for good. */
  stops: ["topic", "group", "class"],
  /** Records whose handlers had not ended when their partition was given up. */
  unfinished: ["topic", "group"],
  /** Gauge: partitions paused now. */
  pausedPartitions: ["group", "cause"],
  /** Times that members joined their groups. */
  joins: ["group"],
  /** Times that members gave their partitions up to join again. */
  rebalances: ["group"],
  /** Clients that neither worked nor failed, and were replaced or given up. */
  stalls: ["group"],
  /** Clients that crashed. */
  crashes: ["group"],
  /** Gauge: end offset minus committed offset. */
  lag: ["group", "topic", "partition"],
  /** Times that no broker could be reached, by error code. */
  connectionErrors: ["component", "code"],
  /** Requests that a registry did not answer well, by HTTP status. */
  registryErrors: ["status"],
  /** Dead letters that replays looked at, by what became of them. */
  replayed: ["outcome"],
  /** Schemas that were asked for and at hand. */
  schemaCacheHits: [],
  /** Schemas that were asked for and had to be fetched. */
  schemaCacheMisses: [],
  /** Lines that the log lost: its destination failed, or nobody reads it. */
  linesDropped: [],
  /** Failures inside the runtime: defects, unless something outside was the reason. */
  internalErrors: ["where"],
} as const;

/** Name of a metric. */
export type CountName = keyof typeof countLabels;

/** The labels of a metric. */
export type Labels<Name extends CountName> = Readonly<Record<(typeof countLabels)[Name][number], string>>;

/** More of a series. */
export interface Increment {
  readonly metric: CountName;
  readonly labels: Readonly<Record<string, string | undefined>>;
  readonly by: number;
}

type Of<Kind extends Signal["kind"]> = Extract<Signal, { readonly kind: Kind }>;
type Rules = { readonly [Kind in Signal["kind"]]?: (signal: Of<Kind>) => readonly Increment[] };
type Given<Name extends CountName> = { readonly [Label in keyof Labels<Name>]: string | undefined };

const one = <Name extends CountName>(metric: Name, labels: Given<Name>, by = 1): readonly Increment[] => [
  { metric, labels, by },
];

/** These passes ran the record, in contrast to those that only waited or stepped over it. */
const attempted: ReadonlySet<Of<"record.handled">["outcome"]> = new Set([
  "processed",
  "retried",
  "dead_lettered",
  "discarded",
  "stopped",
]);

const rules: Rules = {
  "record.sent": ({ topic, event }) => one("sent", { topic, event }),
  "record.produced": ({ topic, event }) => one("produced", { topic, event }),
  "record.send_failed": ({ topic, event, error }) =>
    one("sendsFailed", { topic, event, code: codeOf(error) }),
  "record.received": ({ record: { topic, group } }) => one("consumed", { topic, group }),
  "record.decode_failed": ({ reason }) => one("decodeErrors", { reason }),
  "record.handled": ({ record, outcome, failureClass, durationMs }) => {
    const { topic, event, group, attempt, stage } = record;
    const hasRun = attempted.has(outcome);
    return [
      ...one("outcomes", { topic, event, group, outcome }),
      ...(hasRun ? one("processingMs", { topic, event, group }, durationMs) : []),
      ...(hasRun && attempt > 1 ? one("retries", { topic, event, stage }) : []),
      ...(outcome === "dead_lettered"
        ? one("deadLetters", { topic, event, group, class: failureClass })
        : []),
    ];
  },
  "dedupe.bypassed": ({ record: { topic, event, group } }) => one("dedupeBypassed", { topic, event, group }),
  "handler.overdue": ({ record: { topic, event, group } }) => one("overdue", { topic, event, group }),
  "offsets.committed": ({ topic, group }) => one("commits", { topic, group }),
  "offsets.commit_failed": ({ group }) => one("commitsFailed", { group }),
  "offsets.dropped": ({ topic, group, why }) => one("dropped", { topic, group, why }),
  "offsets.reset": ({ topic, group }) => one("resets", { topic, group }),
  "offsets.map_dropped": ({ topic, group, why }) => one("mapsDropped", { topic, group, why }),
  "partition.paused": ({ topic, group, cause }) => one("pauses", { topic, group, cause }),
  "partition.revoked": ({ topic, group, unfinished }) => one("unfinished", { topic, group }, unfinished),
  "partition.stopped": ({ topic, group, failureClass }) =>
    one("stops", { topic, group, class: failureClass }),
  "consumer.joined": ({ group }) => one("joins", { group }),
  "consumer.rebalancing": ({ group }) => one("rebalances", { group }),
  "consumer.stalled": ({ group }) => one("stalls", { group }),
  "consumer.crashed": ({ group }) => one("crashes", { group }),
  "connection.failed": ({ component, error }) => one("connectionErrors", { component, code: codeOf(error) }),
  "registry.request_failed": ({ status }) => one("registryErrors", { status: status?.toString() }),
  "replay.record": ({ outcome }) => one("replayed", { outcome }),
  "schema.cache": ({ hit }) => one(hit ? "schemaCacheHits" : "schemaCacheMisses", {}),
  "log.dropped": () => one("linesDropped", {}),
  "internal.error": ({ where }) => one("internalErrors", { where }),
};

/** What a signal counts for. */
export function toIncrements(signal: Signal): readonly Increment[] {
  const rule = rules[signal.kind] as ((given: Signal) => readonly Increment[]) | undefined;
  return rule?.(signal) ?? [];
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
