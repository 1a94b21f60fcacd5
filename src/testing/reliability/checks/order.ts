import type { Effect } from "../effect-log.ts";
import type { Flow, Run } from "../run.ts";
import { toPartitionKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeEffect } from "./describe.ts";

/** First effects stand in the order in which they were produced, where the policy keeps one. */
export function checkOrder({ flows, effects }: Run, report: Report): void {
  for (const flow of flows) {
    if (flow.order === "none") continue;
    const own = effects.filter(({ group, origin }) => group === flow.group && origin.topic === flow.topic);
    checkFlow(flow, own, report);
  }
}

function checkFlow(flow: Flow, effects: readonly Effect[], report: Report): void {
  const given = findUnordered(flow);
  const seen = new Set<string>();
  const last = new Map<string, Effect>();
  for (const effect of effects) {
    const { id, isSure, replayId } = effect;
    const lane = toLane(flow, effect);
    // An effect that is not sure may not have happened: it neither comes first nor too late.
    if (lane === undefined || !isSure || replayId !== undefined || seen.has(id) || given.has(lane)) continue;
    seen.add(id);
    const before = last.get(lane);
    if (before && isBehind(flow, effect, before))
      report("order", "successor-first", `${describeEffect(effect)} after ${describeEffect(before)}`);
    else last.set(lane, effect);
  }
}

function toLane({ order }: Flow, { key, seq, origin }: Effect): string | undefined {
  if (order === "partition") return toPartitionKey(origin);
  if (key === null) return undefined;
  return seq === undefined ? `${origin.partition} ${key}` : key;
}

function isBehind({ order }: Flow, effect: Effect, before: Effect): boolean {
  if (order === "key" && effect.seq !== undefined && before.seq !== undefined) return effect.seq < before.seq;
  return effect.origin.offset < before.origin.offset;
}

/** Keys that gave up their order: a record of theirs left by a retry topic. */
function findUnordered(flow: Flow): ReadonlySet<string> {
  const lanes = new Set<string>();
  if (flow.stages.length === 0) return lanes;
  const away = new Set<string>();
  for (const { record } of flow.handedOver) away.add(record.id);
  for (const [id, effects] of flow.effects)
    if (away.has(id) || effects.some(({ stage }) => stage !== "main"))
      for (const effect of effects) lanes.add(toLane(flow, effect) ?? "");
  for (const { record, at } of flow.handedOver)
    if (record.key !== null)
      for (const lane of [record.key, `${at.partition} ${record.key}`]) lanes.add(lane);
  return lanes;
}
