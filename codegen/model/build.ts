import { type Diagnostic, type RuleId, report, type Span } from "../diagnostics.ts";
import { followPath, markedPaths, type TypeView } from "./fields.ts";
import type { LoadedEvent, LoadedSchemas } from "./loaded.ts";
import type { Lock } from "./lock.ts";
import {
  type EventModel,
  type EventOptions,
  type FieldPath,
  isRegistered,
  type ProjectModel,
  type Sourced,
  type TopicModel,
} from "./model.ts";
import { methodName, protobufTypeName, safeIdentifier, topicIdentifier } from "./names.ts";
import { compare, sortDiagnostics } from "./order.ts";
import { checkMessageNames, checkPaths } from "./paths.ts";
import {
  byDefault,
  type EventDeclaration,
  layersOf,
  type ModelSettings,
  nearest,
  ownOption,
  readDeclaration,
  retryDelays,
  type Sources,
  type SubjectStrategy,
  serializationOf,
} from "./policy.ts";
import { decideSubjects, type LockedSubject } from "./subjects.ts";

export interface BuiltModel {
  readonly model: ProjectModel;
  /** Sorted by place. A model that was built with errors is good for more checks, not for printing. */
  readonly diagnostics: readonly Diagnostic[];
}

/** An event whose options are known but for its subject, which depends on its neighbours. */
interface Draft {
  readonly event: LoadedEvent;
  readonly options: Omit<EventOptions, "subject">;
  readonly strategy: Sourced<SubjectStrategy> | undefined;
}

/** Joins what the schemas say with what `keryx.yaml` and the lock file say. Pure. */
export function buildModel(schemas: LoadedSchemas, settings: ModelSettings, lock: Lock): BuiltModel {
  const diagnostics: Diagnostic[] = [];
  const add = (...found: readonly Diagnostic[]): void => {
    diagnostics.push(...found);
  };
  const drafts = schemas.events.flatMap((event) => draftEvent(event, settings, add) ?? []);
  const byTopic = groupByTopic(drafts);
  const locked = lockedSubjects(lock);
  const events: EventModel[] = [];
  const topics: TopicModel[] = [];
  for (const [name, members] of [...byTopic].sort(byKey)) {
    const sorted = members.sort((a, b) => compare(a.event.name, b.event.name));
    const claims = sorted.map(({ event, strategy, options }) => ({
      ...{ name: event.name, at: event.at, strategy },
      isRegistered: isRegistered({ options }),
    }));
    const decided = decideSubjects(name, claims, locked.get(name) ?? []);
    add(...decided.diagnostics);
    const complete = sorted.flatMap((draft, at) => {
      const subject = decided.subjects[at];
      return subject === undefined ? [] : [completeEvent(draft, subject, schemas.sensitive, lock, add)];
    });
    events.push(...complete);
    topics.push({ name, identifier: topicIdentifier(name), events: complete });
  }
  const model: ProjectModel = {
    events: events.sort((a, b) => compare(a.name, b.name)),
    topics,
    avroTypes: schemas.avroTypes,
    ...(schemas.protobuf === undefined ? {} : { protobuf: schemas.protobuf }),
  };
  add(...checkPaths(model), ...checkMessageNames(model));
  return { model, diagnostics: sortDiagnostics(diagnostics) };
}

function groupByTopic(drafts: readonly Draft[]): ReadonlyMap<string, Draft[]> {
  const groups = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const topic = draft.options.topic.value;
    const group = groups.get(topic);
    if (group === undefined) groups.set(topic, [draft]);
    else group.push(draft);
  }
  return groups;
}

type Add = (...found: readonly Diagnostic[]) => void;

function draftEvent(event: LoadedEvent, settings: ModelSettings, add: Add): Draft | undefined {
  const { declared, at } = event;
  const { declaration, diagnostics } = readDeclaration(declared);
  add(...diagnostics);
  const broad: Sources = { declaration, declared, layers: layersOf(settings, at.file, undefined) };
  const topic = nearest(broad, "topic");
  if (topic === undefined) {
    add(
      report("topic-missing", at, `The event ${event.name} names no topic, and keryx.yaml has none for it.`),
    );
    return undefined;
  }
  const sources: Sources = { ...broad, layers: layersOf(settings, at.file, topic.value) };
  const finding = (rule: RuleId, place: Span | undefined, message: string): void =>
    add(report(rule, place ?? at, message));
  const own = <Key extends keyof EventDeclaration>(
    key: Key,
  ): Sourced<NonNullable<EventDeclaration[Key]>> | undefined => {
    const value = ownOption(declaration, key);
    return value === undefined ? undefined : { value, from: { kind: "schema", at: declared.at(key) } };
  };
  const ordered = own("ordered") ?? byDefault(false, "failures may change the order");
  const owner = nearest(sources, "owner");
  const partitions = nearest(sources, "partitions");
  const path = (role: PathRole): { readonly [Role in PathRole]?: Sourced<FieldPath> } => {
    const written = own(role);
    const found = written && resolvePath(event, role, written.value, declared.at(role), finding);
    return found === undefined ? {} : { [role]: found };
  };
  return {
    event,
    strategy: nearest(sources, "subjectStrategy"),
    options: {
      type: own("type") ?? byDefault(event.name, "the full name"),
      topic,
      ...path("key"),
      ...path("id"),
      ...path("time"),
      compatibility:
        nearest(sources, "compatibility") ?? byDefault("BACKWARD", "the registries' own default"),
      retryDelaysMs: retryDelays(sources, ordered, finding),
      deadLetter: own("deadLetter") ?? byDefault(`${topic.value}-dlq`, "the topic followed by -dlq"),
      ordered,
      serialization: serializationOf(own("serialization"), own("json"), finding),
      ...(owner === undefined ? {} : { owner }),
      ...(partitions === undefined ? {} : { partitions }),
    },
  };
}

type PathRole = "key" | "id" | "time";

const texts: ReadonlySet<string | undefined> = new Set([
  "string",
  "int",
  "bigint",
  "boolean",
  "enum",
  "uuid",
]);
const times: ReadonlySet<string | undefined> = new Set(["date", "timestamp", "micros", "nanos"]);

const pathRules = {
  key: {
    missing: "key-path-missing",
    wrong: "key-not-scalar",
    absent: "key-not-always-present",
    leaves: texts,
  },
  id: { missing: "id-path-missing", wrong: "id-not-scalar", absent: "id-optional", leaves: texts },
  time: { missing: "time-path-missing", wrong: "time-not-timestamp", absent: undefined, leaves: times },
} as const;

function resolvePath(
  event: LoadedEvent,
  role: PathRole,
  text: string,
  at: Span,
  finding: (rule: RuleId, at: Span, message: string) => void,
): Sourced<FieldPath> | undefined {
  const rules = pathRules[role];
  const path = followPath(rootOf(event), text);
  const say = (rule: RuleId, what: string): undefined =>
    void finding(rule, at, `The ${role} ${JSON.stringify(text)} of ${event.name} ${what}.`);
  if (path.kind === "missing")
    return say(
      rules.missing,
      `leads nowhere: ${path.type} has no field ${JSON.stringify(path.part)}${path.known.length > 0 && path.known.length <= 20 ? ` (it has ${path.known.join(", ")})` : ""}`,
    );
  const { leaf } = path.last;
  if (path.presence === "many" || leaf === undefined || !rules.leaves.has(leaf)) {
    const isList = path.presence === "many" && rules.absent !== undefined;
    const what = path.presence === "many" ? "leads through a list or map" : `is ${describe(leaf)}`;
    return say(isList && leaf !== undefined ? rules.absent : rules.wrong, what);
  }
  if (path.presence === "optional" && rules.absent !== undefined)
    return say(rules.absent, "is not always there: it is optional, or in a oneof or union");
  return { value: { text, properties: path.properties, leaf, at }, from: { kind: "schema", at } };
}

function describe(leaf: FieldPath["leaf"] | undefined): string {
  if (leaf === undefined) return "no single value with a plain text form";
  return times.has(leaf) ? "a timestamp" : `a value of the kind ${leaf}, not a timestamp`;
}

function rootOf(event: LoadedEvent): TypeView {
  return event.source.kind === "protobuf" ? event.source.message : event.source.record;
}

function completeEvent(
  draft: Draft,
  subject: Sourced<string>,
  marks: ReadonlySet<string>,
  lock: Lock,
  add: Add,
): EventModel {
  const { event, options } = draft;
  const { declared: _, ...parts } = event;
  const sensitive = markedPaths(rootOf(event), marks);
  if (sensitive === undefined)
    add(
      report(
        "schema-limit",
        event.at,
        `${event.name} reaches its sensitive fields by more paths than can be listed.`,
      ),
    );
  const simpleName = event.name.slice(event.name.lastIndexOf(".") + 1);
  return {
    ...parts,
    identifier:
      event.source.kind === "protobuf" ? protobufTypeName(event.source.message) : safeIdentifier(simpleName),
    method: methodName(simpleName),
    options: { ...options, subject },
    sensitive: sensitive ?? [],
    ...releasedOf(lock, event),
  };
}

function releasedOf(lock: Lock, { name, format }: LoadedEvent): Pick<EventModel, "released"> {
  const known = lock.events.get(name);
  if (known === undefined || known.versions.length === 0) return {};
  return { released: known.versions.filter((one) => (one.format ?? known.released?.format) === format) };
}

/** What the lock file knows, by topic. */
function lockedSubjects(lock: Lock): ReadonlyMap<string, readonly LockedSubject[]> {
  const known = [...lock.events].flatMap(([name, { released, draft }]) => {
    const { policy, subject } = released ?? draft ?? {};
    return policy === undefined || subject === undefined || policy.serialization !== undefined
      ? []
      : [{ name, subject, topic: policy.topic }];
  });
  return Map.groupBy(known, ({ topic }) => topic);
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return compare(a[0], b[0]);
}
