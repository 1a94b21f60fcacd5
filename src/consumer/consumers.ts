import type { Consumer, ConsumerOptions } from "../core/app.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { ConsumerSnapshot } from "../core/health.ts";
import { type Closable, closeAll } from "../core/lifecycle.ts";
import type { OwnedConsumer } from "./consumer.ts";

/** The consumers of an app, with the settings that they share. */
export interface Consumers extends Closable {
  open(options: ConsumerOptions): Consumer;
  /** Events that they were told of. */
  events(): readonly EventType[];
  snapshots(): readonly ConsumerSnapshot[];
}

export function createConsumers(
  shared: Partial<ConsumerOptions>,
  create: (options: ConsumerOptions) => OwnedConsumer,
): Consumers {
  const all = new Set<OwnedConsumer>();
  let isClosed = false;
  return {
    open(options) {
      if (isClosed) throw new KeryxError("closed", "the app is closed");
      const here = { ...shared.here, ...options.here };
      const consumer = create({ ...shared, ...options, ...(Object.keys(here).length > 0 ? { here } : {}) });
      all.add(consumer);
      return consumer;
    },
    events: () => [...new Set([...all].flatMap((consumer) => consumer.events()))],
    snapshots: () => Array.from(all, (consumer) => consumer.snapshot()),
    close() {
      isClosed = true;
      return closeAll(all);
    },
  };
}
