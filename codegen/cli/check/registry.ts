import { KeryxError } from "../../../src/core/errors.ts";
import type { CompatibilityLevel, SchemaFormat } from "../../../src/core/event.ts";
import { createRegistryAdmin, type RegistryAdmin } from "../../../src/registry/admin.ts";
import type { RegisteredSchema, SchemaReference } from "../../../src/registry/port.ts";
import { type Baseline, type BaselineVersion, baselineOfLock } from "../../check/baseline.ts";
import { type CheckRequest, inProject, placeOfValue } from "../../check/request.ts";
import { type Finding, find } from "../../diagnostics-finding.ts";
import type { CheckedModel } from "../../index.ts";
import type { LockedReference } from "../../model/lock.ts";
import { type EventModel, isRegistered } from "../../model/model.ts";
import { readFacts } from "../../register.ts";
import { collectTexts, type SubjectFacts } from "../../register-plan.ts";
import type { OpenProject } from "../load.ts";

/** What a registry holds, and what it answers about the project's schemas itself. */
export interface RegistryState {
  readonly baseline: Baseline;
  readonly url: string;
  /** By subject. */
  readonly facts: ReadonlyMap<string, SubjectFacts>;
  /** Subjects that the registry judges by more than the rules that are known here. */
  readonly logical: ReadonlySet<string>;
}

/**
 * Reads every undeleted version of the project's subjects, and asks about each schema. Changes nothing.
 * A registry knows no delivery policy and no events in JSON, so those are compared with the lock file.
 * @throws KeryxError `registry_unreachable`, `registry_unauthorized`, `baseline_unavailable`
 */
export async function readRegistry(
  url: string,
  { config }: OpenProject,
  { model, lock }: CheckedModel,
): Promise<RegistryState> {
  const admin = createRegistryAdmin({ ...config.registry, url }, () => {});
  try {
    const { texts } = collectTexts(model.events);
    const facts = await readFacts(admin, texts);
    const read = createVersionFetcher(admin);
    const histories = new Map<string, readonly BaselineVersion[]>();
    const levels = new Map<string, CompatibilityLevel>();
    const [grouped, logical] = [new Set<string>(), new Set<string>()];
    for (const [subject, { versions }] of facts) {
      if (versions.length === 0) continue;
      const { group, policy } = await admin.rules(subject);
      if (group !== undefined) grouped.add(subject);
      if (policy === "LOGICAL") logical.add(subject);
      const readOne = async (version: number): Promise<BaselineVersion> => {
        const found = await read(subject, version);
        const value = group && (await admin.property({ subject, version }, group));
        return value === undefined ? found : { ...found, group: value };
      };
      histories.set(subject, await inBatches(versions, readOne));
      levels.set(subject, (await admin.levelInForce(subject)).level);
    }
    const { events, histories: locked } = baselineOfLock(lock);
    // What is written as JSON has a history in the lock file only.
    for (const { options } of model.events.filter((event) => !isRegistered(event))) {
      const history = locked.get(options.subject.value);
      if (history !== undefined) histories.set(options.subject.value, history);
    }
    const baseline = { label: `registry:${url}`, events, histories, levels, grouped };
    return { baseline, url, facts, logical };
  } finally {
    await admin.close();
  }
}

const formats: Readonly<Record<RegisteredSchema["type"], SchemaFormat | undefined>> = {
  AVRO: "avro",
  PROTOBUF: "protobuf",
  JSON: undefined,
};
const maxReferences = 200;

function createVersionFetcher(
  admin: RegistryAdmin,
): (subject: string, version: number) => Promise<BaselineVersion> {
  const known = new Map<string, Promise<RegisteredSchema>>();
  const fetch = (subject: string, version: number): Promise<RegisteredSchema> => {
    const key = JSON.stringify([subject, version]);
    const found = known.get(key) ?? admin.registry.schemaByVersion(subject, version);
    known.set(key, found);
    return found;
  };
  return async (subject, version) => {
    const { type, schema, references } = await fetch(subject, version);
    const format = formats[type];
    if (format === undefined)
      throw new KeryxError(
        "baseline_unavailable",
        `Version ${version} of ${subject} is a ${type} schema, which is not compared.`,
      );
    let left = maxReferences;
    const follow = (
      list: readonly SchemaReference[],
      above: readonly string[],
    ): Promise<readonly LockedReference[]> =>
      Promise.all(
        list.map(async (one) => {
          const key = JSON.stringify([one.subject, one.version]);
          // References come from the registry: a loop among them must end.
          if (above.includes(key) || --left < 0)
            throw new KeryxError(
              "baseline_unavailable",
              `The references of version ${version} of ${subject} have no end.`,
            );
          const found = await fetch(one.subject, one.version);
          return {
            ...one,
            schema: found.schema,
            references: await follow(found.references, [...above, key]),
          };
        }),
      );
    return { name: version, format, schema, references: await follow(references, []) };
  };
}

const batchSize = 8;

async function inBatches<T, R>(items: readonly T[], take: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += batchSize)
    results.push(...(await Promise.all(items.slice(at, at + batchSize).map(take))));
  return results;
}

/** Where the registry and the project, or the registry and our rules for it, say different things. */
export function findDisagreements(
  request: CheckRequest,
  { url, facts, baseline, logical }: RegistryState,
  findings: readonly Finding[],
): readonly Finding[] {
  const events = new Map(request.model.events.map((event) => [event.options.subject.value, event]));
  return [...facts].flatMap(([subject, { verdict, versions }]) => {
    const event = events.get(subject);
    const level = baseline.levels?.get(subject);
    const found: Finding[] = [];
    if (event !== undefined && level !== undefined && level !== event.options.compatibility.value)
      found.push(levelDiffers(request, event, level, url));
    if (event !== undefined && logical.has(subject)) found.push(notCovered(request, event, url));
    if (
      event !== undefined &&
      versions.length === 0 &&
      request.lock.events.get(event.name)?.released !== undefined
    )
      found.push(
        find(
          "subject-missing",
          inProject(request, event.at),
          `${event.name} was released, but the registry at ${url} has no subject ${JSON.stringify(subject)}.`,
          { event: event.name, subject, against: baseline.label },
        ),
      );
    if (verdict !== undefined && level !== undefined) {
      const isOurs = findings.every(
        (one) => one.rule !== "registry-incompatible" || one.subject !== subject || one.level !== level,
      );
      if (verdict.compatible !== isOurs)
        found.push(disagrees(request, { subject, event, level, url, isOurs, messages: verdict.messages }));
    }
    return found;
  });
}

function levelDiffers(
  request: CheckRequest,
  event: EventModel,
  level: CompatibilityLevel,
  url: string,
): Finding {
  const { compatibility, subject } = event.options;
  return find(
    "level-differs",
    placeOfValue(request, compatibility, event.at),
    `${event.name} declares ${compatibility.value}; in force at ${url} is ${level}.`,
    { event: event.name, subject: subject.value, level, against: request.baseline.label },
  );
}

function notCovered(request: CheckRequest, event: EventModel, url: string): Finding {
  const subject = event.options.subject.value;
  return find(
    "rules-not-covered",
    inProject(request, event.at),
    `The registry at ${url} judges ${subject} by the policy LOGICAL: its checks of logical types and reserved numbers come on top and are not covered here.`,
    { event: event.name, subject, against: request.baseline.label },
  );
}

interface Disagreement {
  readonly subject: string;
  readonly event: EventModel | undefined;
  readonly level: CompatibilityLevel;
  readonly url: string;
  /** Our verdict. */
  readonly isOurs: boolean;
  readonly messages: readonly string[];
}

function disagrees(
  request: CheckRequest,
  { subject, event, level, url, isOurs, messages }: Disagreement,
): Finding {
  const dialect = request.dialect.name;
  const words = messages.length === 0 ? "" : ` It says: ${messages.join(" ").slice(0, 1000)}`;
  const message = isOurs
    ? `The registry at ${url} refuses ${subject} at ${level}; by the rules of ${dialect} it would take it.${words}`
    : `The registry at ${url} takes ${subject} at ${level}; by the rules of ${dialect} it would refuse it.`;
  const at = event === undefined ? { file: subject, line: 1, column: 1 } : event.at;
  return find("registry-disagrees", inProject(request, at), message, {
    ...(event === undefined ? {} : { event: event.name }),
    ...{ subject, level, dialect, against: request.baseline.label },
    // What we refuse is an error already.
    ...(isOurs ? {} : { severity: "warning" as const }),
  });
}
