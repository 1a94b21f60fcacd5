import type { Effect } from "../effect-log.ts";
import type { MessageRef, Place } from "../history.ts";

export function describePlace({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}@${offset}`;
}

export function describeMessage({ id, key, seq }: MessageRef, at: Place): string {
  return `${id} (${key ?? "no key"}${seq === undefined ? "" : `#${seq}`}, ${describePlace(at)})`;
}

export function describeEffect(effect: Effect): string {
  return `${describeMessage(effect, effect.origin)} by ${effect.client} at attempt ${effect.attempt} on ${effect.stage}`;
}
