import type { ReplayOptions, ReplayResult } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { Observe } from "../core/signals.ts";
import type { KafkaPort } from "../transport/port.ts";

/** What a replay stands on. */
export interface ReplayDeps {
  readonly transport: KafkaPort;
  readonly observe: Observe;
  readonly clock: Clock;
  /** Events that the app knows: they tell a dead-letter topic that is not `<topic>-dlq`. */
  readonly events?: readonly EventType[];
  /** As in the consumer's options. Default `topic`. */
  readonly naming?: "topic" | "group";
}

/**
 * Puts dead letters back to the failing group's first retry topic, due at once.
 * @throws KeryxError `topic_missing` when the dead-letter topic or the group's first retry topic does not exist
 */
export function replay(deps: ReplayDeps, options: ReplayOptions): Promise<ReplayResult> {
  void deps;
  return Promise.reject(new KeryxError("internal", `replay of ${options.topic}`));
}
