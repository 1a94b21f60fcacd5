import type { EventModel } from "./model.ts";

/** The package or namespace of an event; empty when it has none. */
export function packageOf(event: EventModel): string {
  return event.source.kind === "avro" ? event.source.record.namespace : event.source.file.proto.package;
}

/** What index.ts exports of events: each under its own name, or its whole package where two share that name. */
export function splitByName(events: readonly EventModel[]): {
  readonly lone: readonly EventModel[];
  /** Packages that are exported as a namespace from a file of their own, each with one of its events. */
  readonly packages: ReadonlyMap<string, EventModel>;
} {
  const counts = new Map<string, number>();
  for (const { identifier } of events) counts.set(identifier, (counts.get(identifier) ?? 0) + 1);
  const isShared = ({ identifier }: EventModel): boolean => (counts.get(identifier) ?? 0) > 1;
  return {
    lone: events.filter((event) => !isShared(event)),
    packages: new Map(events.filter(isShared).map((event) => [packageOf(event), event])),
  };
}
