import { KeryxError } from "../../src/core/errors.ts";
import { suggest } from "../../src/core/suggest.ts";
import type { EventModel, ProjectModel } from "../model/model.ts";

/** The event that a name means: full name first, then event type, then simple name. */
export function findEvent({ events }: ProjectModel, name: string): EventModel {
  const ways: readonly ((event: EventModel) => string)[] = [
    (event) => event.name,
    (event) => event.options.type.value,
    (event) => event.name.slice(event.name.lastIndexOf(".") + 1),
  ];
  for (const way of ways) {
    const [event, ...others] = events.filter((one) => way(one) === name);
    if (event && others.length === 0) return event;
    if (event)
      throw new KeryxError("usage", `${JSON.stringify(name)} names several events.`, {
        help: `Use the full name: ${[event, ...others].map((one) => one.name).join(", ")}.`,
      });
  }
  const known = events.flatMap((event) => ways.map((way) => way(event)));
  const near = suggest(name, known);
  throw new KeryxError("usage", `There is no event ${JSON.stringify(name)}.`, {
    help: near
      ? `Did you mean ${near}?`
      : `Events are: ${events.map((event) => event.options.type.value).join(", ") || "none"}.`,
  });
}

/** The events that names mean, in the project's order; all of them without a name. @throws KeryxError `usage` */
export function findEvents(model: ProjectModel, names: readonly string[]): readonly EventModel[] {
  if (names.length === 0) return model.events;
  const asked = new Set(names.map((name) => findEvent(model, name)));
  return model.events.filter((event) => asked.has(event));
}
