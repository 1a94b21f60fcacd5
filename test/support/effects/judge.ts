import {
  type Effect,
  type FinalRead,
  findViolations,
  type HistoryEntry,
  type RunPolicy,
  readFinal,
} from "keryx/testing";
import { attempts, type FlowTopics, stagesOf, type Task } from "./workload.ts";

/** All that a run left behind. */
export interface RunRecords {
  readonly history: readonly HistoryEntry[];
  readonly effects: readonly Effect[];
  readonly finalRead: FinalRead;
  readonly tasks: readonly Task[];
}

export interface Judged {
  readonly seed: number;
  readonly group: string;
  readonly topics: FlowTopics;
  readonly repeats: RunPolicy["repeats"];
  /** A producer whose network failed may have written twice. */
  readonly networkFails?: boolean;
}

/** Reads the topics of a run to their ends, and what its groups committed. */
export async function readRun(
  brokers: readonly string[],
  group: string,
  topics: FlowTopics,
): Promise<FinalRead> {
  const { retried, ordered, order } = topics;
  const names = [
    retried.name,
    ordered.name,
    order.policy.deadLetter,
    ...stagesOf(topics).map(({ topic }) => topic),
  ];
  return readFinal(brokers, names, [group, `${group}-retry`]);
}

export function toPolicy({ seed, group, topics, repeats, networkFails = false }: Judged): RunPolicy {
  const decisions: [] = [];
  const stages = stagesOf(topics);
  const deadLetter = topics.order.policy.deadLetter;
  return {
    seed,
    repeats,
    flows: [
      {
        group,
        topic: topics.retried.name,
        order: "key",
        tries: 1,
        stages,
        deadLetter,
        decisions,
        failureClasses: ["transient"],
      },
      { group, topic: topics.ordered.name, order: "key", tries: 8, stages: [], decisions },
    ],
    dedupe: { windowMs: Number.POSITIVE_INFINITY, scope: "client" },
    isIdempotent: !networkFails,
  };
}

/** What was broken, one line for each kind; empty when all was kept. */
export function judge(records: RunRecords, judged: Judged): readonly string[] {
  const { history, effects, finalRead } = records;
  return [
    ...findViolations(history, effects, finalRead, toPolicy(judged)).map(
      (one) => `${one.invariant}: ${one.class} (${one.total}): ${one.examples.join("; ")}`,
    ),
    ...findMisplaced(records, judged),
  ];
}

/** Dead letters where the handler would succeed, effects where it cannot, and successes at another attempt than planned. */
function findMisplaced({ tasks, effects, finalRead }: RunRecords, { topics }: Judged): readonly string[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const canSucceed = ({ flow, succeedsAt }: Task): boolean =>
    succeedsAt > 0 && (flow === "ordered" || succeedsAt <= attempts);
  const problems: string[] = [];
  for (const { topic, records } of finalRead.partitions)
    if (topic === topics.order.policy.deadLetter)
      for (const { id } of records) {
        const task = byId.get(id);
        if (task && canSucceed(task)) problems.push(`misplaced: ${id} is dead-lettered`);
      }
  for (const { id, attempt } of effects) {
    const task = byId.get(id);
    if (!task) continue;
    if (!canSucceed(task)) problems.push(`misplaced: ${id} was handled`);
    // Tries in place are counted in memory, so a kill begins them anew; those of retry topics travel with the record.
    else if (task.flow === "retried" && attempt !== task.succeedsAt)
      problems.push(`misplaced: ${id} was handled at attempt ${attempt} instead of ${task.succeedsAt}`);
  }
  return problems.slice(0, 20);
}

/** Effects beyond the first of their id. */
export function countRepeats(effects: readonly Effect[]): number {
  return effects.length - new Set(effects.map(({ id }) => id)).size;
}
