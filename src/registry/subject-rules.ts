import { member, readRules } from "./answers.ts";
import type { RegistryClient } from "./client.ts";
import { toSegment } from "./http.ts";

/** Settings of a subject that decide which versions a schema is compared with, and how. */
export interface SubjectRules {
  /** Metadata property whose value parts the versions into groups. */
  readonly group?: string;
  /** `STRICT`, `LENIENT` or `LOGICAL`. */
  readonly policy?: string;
}

export interface SubjectVersion {
  readonly subject: string;
  readonly version: number;
}

/** What the settings of a subject, else the global ones, add to its level. */
export async function readSubjectRules(
  client: RegistryClient,
  subject: string,
  signal?: AbortSignal,
): Promise<SubjectRules> {
  const what = `reading the settings of ${subject}`;
  const path = `/config/${toSegment(subject)}?defaultToGlobal=true`;
  const answer = await client.ask({ method: "GET", path }, what, signal);
  // A subject, or a registry, without any.
  if (answer.status === 404) return {};
  if (answer.status !== 200) throw client.refusal(answer, what);
  return readRules(answer.body);
}

/** The value of a metadata property of a version. */
export async function readProperty(
  client: RegistryClient,
  { subject, version }: SubjectVersion,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = `/subjects/${toSegment(subject)}/versions/${version}`;
  const body = await client.demand(
    { method: "GET", path },
    `fetching version ${version} of ${subject}`,
    signal,
  );
  const value = member(member(member(body, "metadata"), "properties"), name);
  return typeof value === "string" ? value : undefined;
}
