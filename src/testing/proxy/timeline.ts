import type { Clock } from "../../core/clock.ts";
import type { ProxyEvent } from "./options.ts";
import type { Poisoned } from "./toxics.ts";

/** What happened, oldest first, so long as memory allows. */
export interface Timeline {
  readonly events: readonly ProxyEvent[];
  note(kind: ProxyEvent["kind"], more?: Pick<ProxyEvent, "fault" | "api">, on?: Poisoned): void;
}

const rememberedEvents = 100_000;

export function createTimeline(clock: Clock): Timeline {
  const events: ProxyEvent[] = [];
  return {
    events,
    note(kind, more, on) {
      const broker = on?.broker();
      const where = { ...(on && { connection: on.id }), ...(broker !== undefined && { broker }) };
      events.push({ atMs: clock.now(), kind, ...where, ...more });
      if (events.length > rememberedEvents) events.shift();
    },
  };
}
