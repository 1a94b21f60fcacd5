export type Severity = "error" | "warning";

/** Which step finds it: reading the files, building the model, or a check over the finished model. */
export type RuleStage = "load" | "model" | "check";

/** One row of the closed table of rules. */
export interface RuleRow {
  readonly stage: RuleStage;
  readonly severity: Severity;
  /** What the rule asks for, in general terms. */
  readonly meaning: string;
  /** What the user can do, unless the diagnostic itself knows better. */
  readonly help: string;
}

// Step, severity, what the rule asks for, what to do.
const rows = {
  // reading files
  "path-unsafe": [
    "load",
    "error",
    "A schema's path holds only plain characters: it ends up in import lines of generated code.",
    "Rename the file or folder: letters, digits, `_`, `-` and `.` are safe.",
  ],
  "schema-syntax": [
    "load",
    "error",
    "A schema file can be parsed.",
    "Correct the file at the place that is named.",
  ],
  "schema-limit": [
    "load",
    "error",
    "A schema stays within the limits: 1 MiB of text, depth 64, 5,000 fields, 10,000 symbols, 200 references.",
    "Split the schema.",
  ],
  "import-unsafe": [
    "load",
    "error",
    "A schema imports only files inside the schema folder and the standard Google types.",
    "Copy the imported file into the schema folder and import it by its path there.",
  ],
  "name-duplicate": [
    "load",
    "error",
    "A full name is defined once.",
    "Remove one definition, or give it another name or namespace.",
  ],
  "name-invalid": [
    "load",
    "error",
    "Names are identifiers: a letter or `_`, then letters, digits or `_`.",
    "Rename it.",
  ],
  "options-file": [
    "load",
    "error",
    "`keryx/v1/options.proto` in the schema folder is the one that this version of Keryx ships.",
    "Run `keryx init`, which writes the file where it is missing and renews an old copy.",
  ],
  // options of an event, as written
  "option-unknown": [
    "load",
    "error",
    "Every key of a `keryx` attribute is an option that exists.",
    "Correct the spelling, or remove the key.",
  ],
  "option-invalid": [
    "load",
    "error",
    "The value of an option has the right type and is one of those allowed.",
    "Correct the value.",
  ],
  "option-conflict": [
    "load",
    "error",
    "Marks at a field and at its type do not contradict each other.",
    "Keep one of the two.",
  ],
  "long-mark-misplaced": [
    "load",
    "error",
    "The mark `long` stands at an Avro field that holds a `long` without a logical type: itself, or in its union, list or map. The fields of a record in it have marks of their own.",
    "Remove the mark: a logical type decides for itself how its values are held, and other types have no 64 bits.",
  ],
  "long-default-unsafe": [
    "load",
    "error",
    "A default for a `long` with the mark `NUMBER` lies within ±(2^53 - 1).",
    'Write `"long": "STRING"`, or leave the mark out: text and bigints hold every long.',
  ],
  "wire-projection": [
    "load",
    "error",
    "Keryx can cut its own options out of a schema's text.",
    "Write the option in the plain form `option (keryx.v1.event) = { … };`.",
  ],
  "lock-invalid": [
    "load",
    "error",
    "`schemas.lock.json` is as Keryx wrote it: released versions are never edited by hand.",
    "Restore the file from version control; `keryx generate` rewrites the drafts in it.",
  ],
  // the model
  "topic-missing": [
    "model",
    "error",
    "An event has a topic.",
    "Set `topic` in the event's option, or for its folder in `keryx.yaml` under `folders`.",
  ],
  "retry-delay-malformed": [
    "model",
    "error",
    "A retry delay is a duration: a whole number and `ms`, `s`, `m` or `h`.",
    'Write it like `"200ms"`, `"30s"` or `"5m"`.',
  ],
  "key-path-missing": [
    "model",
    "error",
    "The key names a field that exists.",
    "Correct the path: names of fields, joined by dots.",
  ],
  "key-not-scalar": [
    "model",
    "error",
    "The key is a single value whose text can be a record key.",
    "Choose a field of a text, integer, boolean, enum or uuid type.",
  ],
  "key-not-always-present": [
    "model",
    "error",
    "The key is always present: not optional, not in a oneof, list or map, and no part of its path is nullable.",
    "Choose a field that is always set, or make this one required.",
  ],
  "id-path-missing": [
    "model",
    "error",
    "The dedupe id names a field that exists.",
    "Correct the path: names of fields, joined by dots.",
  ],
  "id-not-scalar": [
    "model",
    "error",
    "The dedupe id is a single value with a text form.",
    "Choose a field of a text, integer, boolean, enum or uuid type.",
  ],
  "id-optional": [
    "model",
    "error",
    "The dedupe id is always present: not optional, not in a oneof, list or map, and no part of its path is nullable.",
    "Choose a field that is always set, or leave `id` out: a generated id is used then.",
  ],
  "time-path-missing": [
    "model",
    "error",
    "The event time names a field that exists.",
    "Correct the path: names of fields, joined by dots.",
  ],
  "time-not-timestamp": [
    "model",
    "error",
    "The event time is a timestamp.",
    "Choose a `google.protobuf.Timestamp`, or an Avro `timestamp-millis`, `-micros` or `-nanos`.",
  ],
  "subject-strategy-undecided": [
    "model",
    "error",
    "A topic that gets its second event says how its subjects are named.",
    "Set `subjectStrategy` for the topic in `keryx.yaml` under `topics`.",
  ],
  // the project
  "type-invalid": [
    "check",
    "error",
    "An event type is 1 to 255 printable characters: it travels as a header.",
    "Write it like `order.placed`.",
  ],
  "type-duplicate": [
    "check",
    "error",
    "An event type stands for one schema on its topic.",
    "Give one of the two events another `type` or `topic`.",
  ],
  "topic-invalid": [
    "check",
    "error",
    "A topic is a valid Kafka topic name: 1 to 249 of letters, digits, `.`, `_`, `-`; not `.` or `..`.",
    "Rename the topic.",
  ],
  "dead-letter-invalid": [
    "check",
    "error",
    "A dead-letter topic is a valid Kafka topic name.",
    "Rename the dead-letter topic.",
  ],
  "dead-letter-is-topic": [
    "check",
    "error",
    "Dead letters go to another topic than the events.",
    "Name another topic in `dead_letter` (Avro: `deadLetter`), or leave it out.",
  ],
  "retry-delays-bounded": [
    "check",
    "error",
    "There are at most 10 retry delays, each from 1 ms to 24 h.",
    "Use fewer or shorter delays; an empty list means no retry topics.",
  ],
  "ordered-with-delays": [
    "check",
    "error",
    "An ordered event has no retry delays: retry topics give up order.",
    "Remove `retry.delays`, or remove `ordered`.",
  ],
  "topic-delays-differ": [
    "check",
    "warning",
    "Events that share a topic share their retry delays, and so their retry topics.",
    "Give the events the same delays, for example in `keryx.yaml` under `topics`.",
  ],
  "subject-clash": [
    "check",
    "error",
    "Each event has a registry subject of its own.",
    "Set `subjectStrategy: topic-record-name` for the topic in `keryx.yaml` under `topics`.",
  ],
  "key-sensitive": [
    "check",
    "warning",
    "A record key holds nothing sensitive: keys are stored in clear and shown by every tool.",
    "Use an opaque id as key.",
  ],
  "event-nested": [
    "check",
    "warning",
    "An event is a message at the top of its file: its message index travels in every record.",
    "Move the message out of the one that encloses it, before the first version is registered.",
  ],
  "file-many-events": [
    "check",
    "warning",
    "A file holds one event: its whole text is what the registry compares.",
    "Move each event, with the types that only it needs, to a file of its own.",
  ],
  "path-clash": [
    "model",
    "error",
    "Output files have paths of their own, also where case does not count.",
    "Rename one of the two, or give it another namespace.",
  ],
  "method-clash": [
    "check",
    "error",
    "Events of one topic have different method names, and none that the producer has itself.",
    "Rename one of the messages, or move it to another topic.",
  ],
  "factory-clash": [
    "check",
    "error",
    "Topics have different names in camel case: their factories are named after them.",
    "Rename one of the topics.",
  ],
  "export-clash": [
    "check",
    "error",
    "Everything that `index.ts` exports has a name of its own: events, their init types, packages, factories, `catalog`.",
    "Rename one of the two.",
  ],
} as const;

export type RuleId = keyof typeof rows;

/** Rules that a check over the finished model finds: `codegen/check/lint.ts` has a function for each. */
export type CheckRuleId = {
  [Id in RuleId]: (typeof rows)[Id][0] extends "check" ? Id : never;
}[RuleId];

/** Every rule, in the order of the documentation. `docs/reference/lint.md` is generated from this table. */
export const ruleTable: Readonly<Record<RuleId, RuleRow>> = Object.fromEntries(
  Object.entries(rows).map(([id, [stage, severity, meaning, help]]) => [
    id,
    { stage, severity, meaning, help },
  ]),
) as Record<RuleId, RuleRow>;
