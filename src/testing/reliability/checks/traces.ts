import type { EntryOf, Run } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeEffect } from "./describe.ts";

/** Every effect's span leads to its producer's span, over as many links as it had hops. */
export function checkTraces({ history, effects, policy }: Run, report: Report): void {
  if (!policy.hasTraces) return;
  const spans = new Map<string, EntryOf<"span">>();
  for (const entry of history) if (entry.name === "span") spans.set(entry.spanId, entry);
  const leadsToProducer = (from: string, id: string): boolean => {
    const waiting = [from];
    const seen = new Set(waiting);
    for (let spanId = waiting.pop(); spanId !== undefined; spanId = waiting.pop()) {
      const span = spans.get(spanId);
      if (span?.kind === "producer" && span.id === id) return true;
      for (const link of span?.links ?? [])
        if (!seen.has(link)) {
          seen.add(link);
          waiting.push(link);
        }
    }
    return false;
  };
  for (const effect of effects)
    if (effect.spanId === undefined || !leadsToProducer(effect.spanId, effect.id))
      report("traces", "unlinked", describeEffect(effect));
}
