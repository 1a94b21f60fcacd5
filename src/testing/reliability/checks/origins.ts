import type { MessageRef, Place } from "../history.ts";
import { type Flow, findRecord, type HandedOver, type Run, type Send, toPlaceKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeEffect, describeMessage, describePlace } from "./describe.ts";

/** Nothing is handled or dead-lettered that was not sent as it is; one offset holds one record, one send one offset. */
export function checkOrigins(run: Run, report: Report): void {
  for (const flow of run.flows) {
    for (const effects of flow.effects.values())
      for (const effect of effects) checkSent(run, flow, effect, () => describeEffect(effect), report);
    for (const one of flow.handedOver) checkHandedOver(run, flow, one, report);
  }
  checkPlaces(run, report);
  if (run.policy.isIdempotent) checkSends(run, report);
}

// A letter's bytes are compared with its original's, by the letters' own check.
function checkHandedOver(run: Run, flow: Flow, { at, record, kind }: HandedOver, report: Report): void {
  if (kind !== "dead-letter") return;
  const { id, key } = record;
  checkSent(run, flow, { id, key }, () => describeMessage({ id, key }, at), report, true);
}

function checkSent(
  run: Run,
  { isShared = false }: Flow,
  seen: MessageRef,
  describe: () => string,
  report: Report,
  isLetter = false,
): void {
  const sends = run.sends.get(seen.id);
  if (!sends) {
    if (!isShared) report("nothing-invented", "never-sent", describe());
    return;
  }
  if (sends.every((send) => send.name === "producer_send_error" && send.result === "fail"))
    report("nothing-invented", "sent-and-failed", describe());
  else if (!isLetter && !sends.some((send) => isSame(send, seen)))
    report("nothing-invented", "changed", describe());
}

function isSame(send: Send, seen: MessageRef): boolean {
  if (send.key !== seen.key) return false;
  if (send.seq !== undefined && seen.seq !== undefined && send.seq !== seen.seq) return false;
  return send.digest === undefined || seen.digest === undefined || send.digest === seen.digest;
}

function checkPlaces(run: Run, report: Report): void {
  // What the final read no longer has: taken by retention, or never visible.
  const others = new Map<string, string>();
  const see = (place: Place, id: string): void => {
    let before = findRecord(run, place)?.id;
    if (before === undefined) {
      const key = toPlaceKey(place);
      before = others.get(key) ?? id;
      others.set(key, before);
    }
    if (before !== id)
      report("nothing-invented", "inconsistent-offsets", `${describePlace(place)} holds ${before} and ${id}`);
  };
  for (const entry of run.history) {
    if (entry.name === "producer_send_success") see(entry, entry.id);
    else if (entry.name === "record_data" && entry.id !== undefined) see(entry, entry.id);
  }
  for (const { origin, id } of run.effects) see(origin, id);
}

function checkSends(run: Run, report: Report): void {
  const sources = new Set(run.flows.map(({ topic }) => topic));
  const first = new Map<string, Place>();
  for (const { topic, partition, records } of run.finalRead.partitions) {
    if (!sources.has(topic)) continue;
    for (const { id, offset } of records) {
      const sent = run.sends.get(id);
      // Sent twice on purpose, or by somebody else.
      if (sent?.length !== 1) continue;
      const before = first.get(id);
      if (before)
        report(
          "nothing-invented",
          "duplicate",
          `${id} at ${describePlace(before)} and ${topic}/${partition}@${offset}`,
        );
      else first.set(id, { topic, partition, offset });
    }
  }
}
