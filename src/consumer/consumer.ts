import type { Consumer, ConsumerOptions } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import type { SchemaRegistry } from "../registry/port.ts";
import type { DedupeStore } from "../stores/port.ts";
import type { KafkaPort } from "../transport/port.ts";

/** What a consumer stands on. */
export interface ConsumerDeps {
  readonly transport: KafkaPort;
  readonly registry: SchemaRegistry;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly context: ContextStore;
  /** The app's default for `createTopics`. */
  readonly createTopics: boolean;
  /** Shared by the consumers of an app. Default: one of its own, in memory. */
  readonly dedupeStore?: DedupeStore;
}

/** Creates a consumer; nothing connects before `start`. */
export function createConsumer(deps: ConsumerDeps, options: ConsumerOptions): Consumer {
  void deps;
  throw new KeryxError("internal", `consumer of ${options.group}`);
}
