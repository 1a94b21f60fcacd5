import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import { createFifo } from "../core/fifo.ts";
import type { Fail } from "./failing.ts";
import type { Entry } from "./ledger.ts";

/** Holds sends back, in order, until the topic is open and the schema of each is registered. */
export interface Preparation {
  /** True when a send of this event may go on in the same tick: nothing older waits. */
  isReady(event: EventType | undefined): boolean;
  /** Waits for its turn, then `go` is called. */
  hold(entry: Entry): void;
  /** Opens the topic and registers the events. */
  start(events: readonly EventType[]): Promise<void>;
}

export interface PreparationDeps {
  readonly open: () => Promise<void>;
  readonly prepare: (events: readonly EventType[]) => Promise<void>;
  readonly go: (entry: Entry) => void;
  readonly fail: Fail;
}

export function createPreparation(deps: PreparationDeps): Preparation {
  const prepared = new Set<EventType>();
  const held = createFifo<Entry>();
  let isOpen = false;
  let isWorking = false;

  async function start(events: readonly EventType[]): Promise<void> {
    await deps.open();
    isOpen = true;
    const missing = events.filter((event) => !prepared.has(event));
    if (missing.length > 0) await deps.prepare(missing);
    for (const event of missing) prepared.add(event);
  }

  /** Fails what cannot go for the same reason: all when the topic is closed to us, else the sends of that event. */
  function refuse(first: Entry, error: KeryxError): void {
    const others: Entry[] = [];
    const failed: Entry[] = [];
    for (let entry = held.peek(); entry !== undefined; entry = held.peek()) {
      held.shift();
      if (entry.settled) continue;
      (isOpen && entry.event !== first.event ? others : failed).push(entry);
    }
    for (const entry of others) held.push(entry);
    deps.fail(failed, error);
  }

  async function work(): Promise<void> {
    isWorking = true;
    for (let entry = held.peek(); entry !== undefined; entry = held.peek()) {
      if (entry.settled || isReadyFor(entry.event)) {
        held.shift();
        if (!entry.settled) deps.go(entry);
        continue;
      }
      try {
        await start(entry.event ? [entry.event] : []);
      } catch (thrown) {
        refuse(entry, KeryxError.from(thrown));
      }
    }
    isWorking = false;
  }

  const isReadyFor = (event: EventType | undefined): boolean =>
    isOpen && (event === undefined || prepared.has(event));

  return {
    isReady: (event) => held.size() === 0 && isReadyFor(event),
    hold(entry) {
      held.push(entry);
      // It catches every failure itself and hands it to the sends.
      if (!isWorking) void work();
    },
    start,
  };
}
