import { levelScopes } from "../../src/compatibility/levels.ts";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import { type EventModel, isRegistered } from "../model/model.ts";
import { type BaselineEvent, type BaselineVersion, isSameSchema } from "./baseline.ts";
import { avroJsonForm } from "./json-form/avro.ts";
import { protobufJsonForm } from "./json-form/protobuf.ts";
import { type JsonBreak, type JsonForm, jsonBreaks } from "./json-form.ts";
import { parseWire } from "./parse.ts";

/** What an event was until now. */
export interface EventHistory {
  /** Oldest first. */
  readonly versions: readonly BaselineVersion[];
  read(version: BaselineVersion): ParsedSchema;
}

/** Names and forms that the JSON of an event does not keep, with the newest version that had each. */
export function* brokenJson(
  event: EventModel,
  { contract, version }: BaselineEvent,
  { versions, read }: EventHistory,
): Generator<JsonBreak & { readonly against: BaselineVersion }> {
  const { serialization, compatibility } = event.options;
  // Another serialization or format is a finding of its own.
  if (isRegistered(event) || contract.policy.serialization !== serialization.value) return;
  const wire = { format: event.format, ...event.wire };
  if (event.format !== contract.format || isSameSchema(version, wire)) return;
  const { directions, isTransitive } = levelScopes[compatibility.value];
  const now = jsonForm(parseWire(wire), event);
  const forms = (isTransitive ? versions.toReversed() : [version]).flatMap((against) => {
    const form = against.format === event.format ? jsonForm(read(against), event) : undefined;
    return form === undefined ? [] : [{ against, form }];
  });
  const [newest] = forms;
  if (now === undefined || newest === undefined) return;
  const told = new Set<string>();
  for (const { against, form } of forms) {
    // What is broken between released versions already no new one can mend.
    const released = against === newest.against ? [] : [...jsonBreaks(form, newest.form, directions)];
    const before = new Set(released.map(({ key }) => key));
    const added = [...jsonBreaks(form, now, directions)].filter(
      ({ key }) => !before.has(key) && !told.has(key),
    );
    for (const { key } of added) told.add(key);
    yield* added.map((found) => ({ ...found, against }));
  }
}

/** Undefined where the schema does not hold the event: versions of a subject may be those of another one. */
function jsonForm(schema: ParsedSchema, { name, options }: EventModel): JsonForm | undefined {
  if (schema.type === "PROTOBUF") return protobufJsonForm(schema.schema, name);
  const { type } = schema.schema;
  if (type.kind !== "record" || type.name !== name) return undefined;
  return avroJsonForm(type, options.serialization.value === "AVRO_JSON" ? "avro" : "plain");
}
