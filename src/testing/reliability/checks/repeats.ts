import type { Effect } from "../effect-log.ts";
import type { Flow, Run } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeEffect, describeMessage } from "./describe.ts";

/** One effect for each id while its dedupe store lives and remembers. */
export function checkDedupe({ flows, policy }: Run, report: Report): void {
  const { dedupe } = policy;
  if (!dedupe) return;
  for (const flow of flows)
    for (const effects of flow.effects.values()) {
      if (effects.length < 2) continue;
      const last = new Map<string, Effect>();
      for (const effect of effects) {
        if (!effect.isSure) continue;
        const store = `${dedupe.scope === "client" ? effect.client : ""} ${effect.replayId ?? ""}`;
        const before = last.get(store);
        if (before && effect.atMs - before.atMs <= dedupe.windowMs)
          report("dedupe", "repeated", `${describeEffect(effect)} after ${describeEffect(before)}`);
        last.set(store, effect);
      }
    }
}

/** What was handled again is what kills, losses and revokes explain. */
export function checkRepeats(run: Run, report: Report): void {
  const { perKill, perLoss, perRevoke } = run.policy.repeats;
  const counts = new Map<string, number>();
  for (const flow of run.flows) countRepeats(flow, counts);
  if (counts.size === 0) return;
  const allowed = new Map<string, number>();
  const allow = (client: string, count: number): void => {
    allowed.set(client, (allowed.get(client) ?? 0) + count);
  };
  for (const client of run.killed) allow(client, perKill);
  for (const entry of run.history)
    if (entry.name === "partitions_revoked")
      allow(entry.client, entry.partitions.length * (entry.lost ? perLoss : perRevoke));
  for (const [client, count] of counts)
    if (count > (allowed.get(client) ?? 0))
      report(
        "repeats",
        "too-many",
        `${count} effects of ${client} were repeated, ${allowed.get(client) ?? 0} may be`,
      );
}

// A repeat is due to what ended the one before it.
function countRepeats({ effects }: Flow, counts: Map<string, number>): void {
  for (const own of effects.values())
    for (const [index, effect] of own.entries()) {
      const before = own[index - 1];
      if (before && before.replayId === effect.replayId && before.client !== effect.client)
        counts.set(before.client, (counts.get(before.client) ?? 0) + 1);
    }
}

/** A hand-over is written once, but for what crashes and lost answers explain. */
export function checkCopies({ flows, policy }: Run, report: Report): void {
  const { copies } = policy.repeats;
  if (copies === undefined) return;
  const surplus: string[] = [];
  for (const flow of flows) {
    const seen = new Set<string>();
    for (const { at, record } of flow.handedOver) {
      const name = `${at.topic} ${record.id}`;
      if (seen.has(name)) surplus.push(describeMessage(record, at));
      seen.add(name);
    }
  }
  if (surplus.length > copies) for (const one of surplus) report("repeats", "surplus-copy", one);
}
