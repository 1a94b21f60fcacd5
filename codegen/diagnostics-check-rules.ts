import type { Severity } from "./diagnostics-rules.ts";

/** What a comparison with a baseline looks at. */
export type CheckTopic = "schema" | "policy" | "project" | "registry";

/** One row of the closed table of what `keryx check` finds beside the lint rules. */
export interface CheckRow {
  readonly topic: CheckTopic;
  readonly severity: Severity;
  /** What the rule asks for, in general terms. */
  readonly meaning: string;
  /** What the user can do, unless the finding itself knows better. */
  readonly advice: string;
}

// Topic, severity, what the rule asks for, what to do.
const rows = {
  // schemas
  "registry-incompatible": [
    "schema",
    "error",
    "The target registry takes the schema at the event's level, by the rules of its dialect.",
    "Make the change compatible, or publish it as a new event on a new topic.",
  ],
  "wire-unsafe": [
    "schema",
    "error",
    "Records keep their meaning: new code reads old records, and at FORWARD and FULL levels old code reads new ones.",
    "Give what changed a new field number or name, and keep or reserve the old one.",
  ],
  // delivery policy
  "event-removed": [
    "policy",
    "error",
    "An event stays on its topic: its records are still there, and consumers have handlers for it.",
    "Restore the event and mark it deprecated. Once nobody reads its records, name it with the reason under `retired` in `keryx.yaml`, and remove it then.",
  ],
  "topic-changed": [
    "policy",
    "error",
    "An event keeps its topic: consumers of the old one would get no records any more.",
    "Keep the topic. To move, publish a new event on the new topic beside this one until all consumers read it.",
  ],
  "type-changed": [
    "policy",
    "error",
    "An event keeps its type: another type is one event removed and one added.",
    "Keep the type, or add a new event with the new type beside this one.",
  ],
  "format-changed": [
    "policy",
    "error",
    "An event keeps its format: a subject holds one format, and readers expect it.",
    "Keep the format, or add a new event on a new topic.",
  ],
  "serialization-changed": [
    "policy",
    "error",
    "An event keeps its serialization: readers of the old one cannot read the new one.",
    "Keep it, or publish a new event with the other serialization beside this one until all consumers read that.",
  ],
  "json-changed": [
    "policy",
    "error",
    "An event that is written as JSON keeps the names of its fields and enum values, and how their values are written: readers of JSON know nothing else. Compared with the versions that its level names; at the FORWARD and FULL levels a new Protobuf enum value counts, too, since old readers do not know its name.",
    "Keep the name (in Protobuf `json_name` keeps it for a field that is renamed) and the type, or add a new field beside the old one. Where enum values are to come, promise BACKWARD and update readers first.",
  ],
  "key-changed": [
    "policy",
    "error",
    "The record key stays the same: with another key, order per key and compaction break.",
    "Keep the key, or publish a new event on a new topic.",
  ],
  "id-changed": [
    "policy",
    "error",
    "The dedupe id stays the same: under another id, repeats of old records are handled again.",
    "Keep the id, or publish a new event on a new topic.",
  ],
  "sensitive-removed": [
    "policy",
    "error",
    "A field that was marked sensitive stays marked: otherwise its values reach logs, errors and dead letters.",
    'Mark the field again: `[(keryx.v1.field) = { sensitive: true }]`, in Avro `"keryx": { "sensitive": true }`.',
  ],
  "index-changed": [
    "policy",
    "error",
    "A message keeps its place in its file: records name it by index, and a reader with another order picks another type.",
    "Put the message back where it was; add new messages behind the old ones.",
  ],
  "dead-letter-changed": [
    "policy",
    "warning",
    "An event keeps its dead-letter topic: operators' tools point at the old one.",
    "Drain the old topic, then tell whoever watches it.",
  ],
  "compatibility-lowered": [
    "policy",
    "warning",
    "The compatibility level is not lowered: later changes would be checked for less.",
    "Keep the level; a change that does not pass it is better a new event.",
  ],
  "retry-emptied": [
    "policy",
    "warning",
    "Retries are not switched off: without delays one failure sends a record to the dead letters.",
    "Keep at least one delay.",
  ],
  "subject-changed": [
    "policy",
    "warning",
    "An event keeps its subject: under a new one the registry compares with nothing.",
    "Keep `subjectStrategy`, or take this once as the start of a new history.",
  ],
  // the whole project
  "import-skew": [
    "project",
    "warning",
    "A released schema pins the imports that the tree has: one that was changed since is not what its readers see.",
    "Release the event anew with the changed import, or put the import back.",
  ],
  "subject-claimed": [
    "project",
    "error",
    "Each subject belongs to one file, those of imports included.",
    "Rename one of the two, or set another `subjectStrategy` for the topic in `keryx.yaml`.",
  ],
  "retired-present": [
    "project",
    "warning",
    "What `keryx.yaml` names under `retired` is gone from the schemas.",
    "Remove the event from the schemas, or its name from `retired`.",
  ],
  "lock-edited": [
    "project",
    "error",
    "Released versions in `schemas.lock.json` are only ever appended to, by Keryx.",
    "Restore the file from version control, then run `keryx generate`.",
  ],
  // the registry itself
  "registry-disagrees": [
    "registry",
    "error",
    "The registry's own answer is the one that Keryx works out for its dialect.",
    "Set `registry.dialect` to the release that the registry runs. The registry has the last word on what it takes.",
  ],
  "level-differs": [
    "registry",
    "warning",
    "The level in force at the registry is the one that the event declares.",
    "Set the declared level at the registry, which `keryx register` does for new subjects only, or declare the one in force.",
  ],
  "rules-not-covered": [
    "registry",
    "warning",
    "The registry judges a subject by the rules that Keryx knows.",
    "The registry's own answer, which is asked for as well, has the last word; a refusal by those rules shows as `registry-disagrees`.",
  ],
  "subject-missing": [
    "registry",
    "warning",
    "The registry has the subject of every event that was released.",
    "Check `registry.url`; `keryx register` registers the schema anew.",
  ],
} as const;

/** Rules that compare with a baseline. */
export type CheckRule = keyof typeof rows;

/** Every rule that compares with a baseline, in the order of the documentation. */
export const checkTable: Readonly<Record<CheckRule, CheckRow>> = Object.fromEntries(
  Object.entries(rows).map(([id, [topic, severity, meaning, advice]]) => [
    id,
    { topic, severity, meaning, advice },
  ]),
) as Record<CheckRule, CheckRow>;
