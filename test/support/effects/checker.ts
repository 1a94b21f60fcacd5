import type { Effect, History, Promises, SentEvent } from "./history.ts";

export type Invariant =
  | "lost" // an acknowledged event has neither a sure effect nor a dead letter
  | "invented" // an effect or a dead letter of something that was never sent, or of other content
  | "misplaced" // a dead letter where the handler would succeed, or an effect where it cannot
  | "reordered" // first effects of a key out of the order in which they were sent
  | "attempts" // one attempt too many or too few
  | "committed-early" // a commit covers a record whose outcome was not final
  | "committed-again" // a record below the committed offset was handled again
  | "repeated-in-life" // two effects of one id in one process, whose dedupe store was alive
  | "repeated"; // more repeats than a kill explains

export interface Violation {
  readonly invariant: Invariant;
  readonly total: number;
  /** The first twenty, with their coordinates. */
  readonly examples: readonly string[];
}

const maxExamples = 20;

type Report = (invariant: Invariant, example: string) => void;

/** Everything in a history that its promises forbid; empty when they were kept. Pure, and linear in the history. */
export function findViolations(history: History, promises: Promises): readonly Violation[] {
  const found = new Map<Invariant, { total: number; examples: string[] }>();
  const report: Report = (invariant, example) => {
    const entry = found.get(invariant) ?? { total: 0, examples: [] };
    found.set(invariant, entry);
    entry.total++;
    if (entry.examples.length < maxExamples) entry.examples.push(example);
  };
  const byId = new Map(history.sent.map((event) => [event.id, event]));
  const effects = groupById(history.effects);
  checkOrigin(history, byId, report);
  checkEndings(history, effects, promises, report);
  checkAttempts(history, byId, promises, report);
  checkOrder(history, promises, report);
  checkCommits(history, effects, promises, report);
  checkRepeats(history, effects, promises, report);
  return [...found].map(([invariant, { total, examples }]) => ({ invariant, total, examples }));
}

/** Effects beyond the first of their id. */
export function countRepeats({ effects }: Pick<History, "effects">): number {
  return effects.length - new Set(effects.map(({ id }) => id)).size;
}

function groupById(effects: readonly Effect[]): ReadonlyMap<string, readonly Effect[]> {
  const groups = new Map<string, Effect[]>();
  for (const effect of effects) {
    const group = groups.get(effect.id);
    if (group) group.push(effect);
    else groups.set(effect.id, [effect]);
  }
  return groups;
}

function checkOrigin(
  { effects, deadLetters }: History,
  byId: ReadonlyMap<string, SentEvent>,
  report: Report,
): void {
  for (const seen of [...effects, ...deadLetters]) {
    const sent = byId.get(seen.id);
    if (!sent) report("invented", `${seen.id}: never sent`);
    else if (sent.key !== seen.key || sent.seq !== seen.seq)
      report("invented", `${describe(sent)}: arrived as ${seen.key}#${seen.seq}`);
  }
}

function checkEndings(
  { sent, deadLetters }: History,
  effects: ReadonlyMap<string, readonly Effect[]>,
  promises: Promises,
  report: Report,
): void {
  const dead = new Set(deadLetters.map(({ id }) => id));
  for (const event of sent) {
    const own = effects.get(event.id) ?? [];
    const canSucceed =
      event.succeedsAt !== undefined &&
      (promises.orderedTopics.has(event.topic) || event.succeedsAt <= promises.attempts);
    if (!own.some(({ isSure }) => isSure) && !dead.has(event.id)) report("lost", describe(event));
    if (canSucceed && dead.has(event.id)) report("misplaced", `${describe(event)}: dead-lettered`);
    if (!canSucceed && own.length > 0) report("misplaced", `${describe(event)}: handled`);
  }
}

function checkAttempts(
  { effects, deadLetters }: History,
  byId: ReadonlyMap<string, SentEvent>,
  { attempts, orderedTopics }: Promises,
  report: Report,
): void {
  for (const { id, attempt, topic } of effects) {
    const expected = byId.get(id)?.succeedsAt;
    // Tries in place are counted in memory, so a kill begins them anew; those of retry topics travel with the record.
    if (expected !== undefined && !orderedTopics.has(topic) && attempt !== expected)
      report("attempts", `${id}: handled at attempt ${attempt} instead of ${expected}`);
  }
  for (const letter of deadLetters)
    if (letter.attempts !== attempts)
      report("attempts", `${letter.id}: dead-lettered after ${letter.attempts} instead of ${attempts}`);
}

function checkOrder({ sent, effects }: History, { orderedTopics }: Promises, report: Report): void {
  const unordered = new Set<string>();
  for (const { key, topic, succeedsAt } of sent)
    if (succeedsAt !== 1 && !orderedTopics.has(topic)) unordered.add(key);
  const seen = new Set<string>();
  const last = new Map<string, number>();
  for (const { id, key, seq } of effects) {
    if (unordered.has(key) || seen.has(id)) continue;
    seen.add(id);
    const before = last.get(key);
    if (before !== undefined && seq < before) report("reordered", `${key}: ${seq} after ${before}`);
    last.set(key, seq);
  }
}

function checkCommits(
  { sent, kills, effects }: History,
  byId: ReadonlyMap<string, readonly Effect[]>,
  { orderedTopics }: Promises,
  report: Report,
): void {
  // Records that leave their topic by a hand-over are final without an effect: loss would show at the end.
  for (const { life, committed } of kills)
    for (const event of sent) {
      if (event.offset >= committedAt(committed, event)) continue;
      if (event.succeedsAt !== 1 && !orderedTopics.has(event.topic)) continue;
      const isFinal = byId.get(event.id)?.some((effect) => effect.life <= life && effect.isSure);
      if (!isFinal) report("committed-early", `${describe(event)}: committed by life ${life}`);
    }
  // What was committed at one kill stays committed, so the newest kill before a life says most.
  for (const effect of effects) {
    const before = kills.findLast(({ life }) => life < effect.life);
    if (before && effect.stage === "main" && effect.offset < committedAt(before.committed, effect))
      report("committed-again", `${describe(effect)}: handled again by life ${effect.life}`);
  }
}

function checkRepeats(
  history: History,
  byId: ReadonlyMap<string, readonly Effect[]>,
  { maxSourceRepeatsPerKill, maxRepeatsPerKill }: Promises,
  report: Report,
): void {
  const perLife = new Map<number, number>();
  for (const [id, own] of byId) {
    if (new Set(own.map(({ life }) => life)).size < own.length) report("repeated-in-life", id);
    // A repeat on the source topic is due to the kill that ended the life of the effect before it.
    const main = own.filter(({ stage }) => stage === "main");
    for (const { life } of main.slice(0, -1)) perLife.set(life, (perLife.get(life) ?? 0) + 1);
  }
  for (const [life, count] of perLife)
    if (count > maxSourceRepeatsPerKill || !history.kills.some((kill) => kill.life === life))
      report("repeated", `${count} records of life ${life} were handled again`);
  // A second copy on a retry topic may surface lives later: those are bounded together.
  const total = countRepeats(history);
  if (total > history.kills.length * maxRepeatsPerKill)
    report("repeated", `${total} repeats after ${history.kills.length} kills`);
}

function committedAt(
  committed: ReadonlyMap<string, bigint>,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): bigint {
  return committed.get(`${topic}/${partition}`) ?? 0n;
}

function describe(event: SentEvent | Effect): string {
  return `${event.id} (${event.key}#${event.seq}, ${event.topic}/${event.partition}@${event.offset})`;
}
