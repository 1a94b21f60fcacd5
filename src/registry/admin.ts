import { type Clock, systemClock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { CompatibilityLevel } from "../core/event.ts";
import type { Observe } from "../core/signals.ts";
import { guidOf } from "../schema/guid.ts";
import { readGuid, readLevel, readVerdict, readVersions } from "./answers.ts";
import { createRegistryClient, type RegistryClient } from "./client.ts";
import { type Answer, isAbsent } from "./failures.ts";
import { readGuidParts } from "./guid-answer.ts";
import { createRegistryOver, toBody, toSegment } from "./http.ts";
import { isNoneUnset, type RegistryOptions, resolveRegistryOptions } from "./options.ts";
import type { RegisteredVersion, SchemaDefinition, SchemaRegistry } from "./port.ts";
import { readProperty, readSubjectRules, type SubjectRules, type SubjectVersion } from "./subject-rules.ts";

/** The level that decides about a subject, and where it is set. */
export interface LevelInForce {
  readonly level: CompatibilityLevel;
  readonly from: "subject" | "global";
}

/** What a registry answers about a schema that is not registered yet. */
export interface RegistryVerdict {
  readonly compatible: boolean;
  /** The registry's own words, one line each. Empty when it gives none. */
  readonly messages: readonly string[];
}

/** What people who look after schemas ask a registry, beside what producers and consumers do. HTTP only. */
export interface RegistryAdmin {
  readonly registry: SchemaRegistry;
  /** The undeleted versions of a subject, ascending; empty for an unknown one. */
  versions(subject: string, signal?: AbortSignal): Promise<readonly number[]>;
  /** The subject's own level, else the global one. */
  levelInForce(subject: string, signal?: AbortSignal): Promise<LevelInForce>;
  /** What the settings of a subject add to its level. Nothing where the registry knows no such settings. */
  rules(subject: string, signal?: AbortSignal): Promise<SubjectRules>;
  /** The value of a metadata property of a version; undefined when it has none. */
  property(place: SubjectVersion, name: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Would the registry take this schema? Asks about the whole history that the level covers. An unknown subject takes anything.
   * @throws `schema_invalid` when the schema cannot be parsed there, or a reference of it is not registered
   */
  compatibility(subject: string, schema: SchemaDefinition, signal?: AbortSignal): Promise<RegistryVerdict>;
  /**
   * The GUID of a registered version: as the registry answers it, else computed from the text that it keeps. Undefined
   * where that text is not the one that a registry with GUIDs would keep.
   */
  guid(place: RegisteredVersion, signal?: AbortSignal): Promise<string | undefined>;
  /** Cancels what is under way. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * A registry with the questions of a build or deploy step, over one client: same URLs, credentials, retries and time-outs.
 * @throws KeryxError `config_invalid`
 */
export function createRegistryAdmin(
  options: RegistryOptions,
  observe: Observe,
  parts: { readonly clock?: Clock; readonly random?: () => number } = {},
): RegistryAdmin {
  const resolved = resolveRegistryOptions(options);
  const clock = parts.clock ?? systemClock;
  const client = createRegistryClient(resolved, { observe, clock, random: parts.random ?? Math.random });
  const registry = createRegistryOver(client, resolved, { observe, clock });
  const isNoneVague = isNoneUnset(resolved.dialect, client.url);
  const keepsConfluentText = resolved.dialect.startsWith("confluent") && !isNoneVague;
  const query = resolved.normalize ? "?verbose=true&normalize=true" : "?verbose=true";

  const versions: RegistryAdmin["versions"] = async (subject, signal) => {
    const what = `reading the versions of ${subject}`;
    const path = `/subjects/${toSegment(subject)}/versions`;
    const answer = await client.ask({ method: "GET", path }, what, signal);
    if (isAbsent(answer)) return [];
    if (answer.status !== 200) throw client.refusal(answer, what);
    return readVersions(answer.body);
  };

  const levelInForce: RegistryAdmin["levelInForce"] = async (subject, signal) => {
    const own = await registry.subjectLevel(subject, signal);
    if (own !== undefined) return { level: own, from: "subject" };
    const body = await client.demand({ method: "GET", path: "/config" }, "reading the global level", signal);
    const level = readLevel(body);
    if (level === undefined)
      throw new KeryxError("registry_error", `${client.url} names no global compatibility level`, {
        help: "Check `registry.url`, and the level at `/config` there.",
      });
    // Such a registry says NONE whatever its own default rule is, so the stricter reading holds.
    return { level: level === "NONE" && isNoneVague ? "BACKWARD" : level, from: "global" };
  };

  const judge = async (
    subject: string,
    at: string,
    schema: SchemaDefinition,
    signal?: AbortSignal,
  ): Promise<Answer> => {
    const path = `/compatibility/subjects/${toSegment(subject)}/versions${at}${query}`;
    return client.ask({ method: "POST", path, body: toBody(schema) }, `checking ${subject}`, signal);
  };

  /** For registries that only compare with one version at a time. */
  async function walk(
    subject: string,
    schema: SchemaDefinition,
    signal?: AbortSignal,
  ): Promise<RegistryVerdict> {
    const { level } = await levelInForce(subject, signal);
    if (level === "NONE") return { compatible: true, messages: [] };
    const newestFirst = [...(await versions(subject, signal))].reverse();
    let compared = 0;
    for (const version of newestFirst) {
      const answer = await judge(subject, `/${version}`, schema, signal);
      // Deleted between the two questions.
      if (isAbsent(answer)) continue;
      compared++;
      const verdict = verdictOf(client, answer, `checking ${subject} against version ${version}`);
      if (!verdict.compatible || !level.endsWith("_TRANSITIVE")) return verdict;
    }
    // Silence about every version is no yes.
    if (compared === 0 && newestFirst.length > 0)
      throw new KeryxError("registry_error", `${client.url} compares with no version of ${subject}`);
    return { compatible: true, messages: [] };
  }

  return {
    registry,
    versions,
    levelInForce,
    async compatibility(subject, schema, signal) {
      const answer = await judge(subject, "", schema, signal);
      // Not `versions/latest`: it looks at one version at transitive levels, too, and so says yes too often.
      if (answer.status === 404 || answer.status === 405) return walk(subject, schema, signal);
      return verdictOf(client, answer, `checking ${subject}`);
    },
    rules: (subject, signal) => readSubjectRules(client, subject, signal),
    property: (place, name, signal) => readProperty(client, place, name, signal),
    async guid({ subject, version, id, guid }, signal) {
      if (guid !== undefined) return guid;
      const path = `/subjects/${toSegment(subject)}/versions/${version}`;
      const what = `fetching version ${version} of ${subject}`;
      const body = await client.demand({ method: "GET", path }, what, signal);
      const answered = readGuid(body).guid;
      if (answered !== undefined || !keepsConfluentText) return answered;
      const parts = readGuidParts(body, id);
      return parts && guidOf(parts);
    },
    close: () => registry.close(),
  };
}

function verdictOf(client: RegistryClient, answer: Answer, what: string): RegistryVerdict {
  if (answer.status === 200) return readVerdict(answer.body);
  throw client.refusal(answer, what);
}
