import { type Call, isAsked } from "../http/route.ts";
import { badRequest, integer, listOf, optional, part, text } from "../members.ts";
import { refusals } from "../refusals.ts";
import { readMetadata, readRuleSet } from "../state/contracts.ts";
import { formatSubject, parseSubject, type SubjectName } from "../state/names.ts";
import type { Registration } from "../state/registering.ts";
import { configAt } from "../state/settings.ts";
import { contextAt, type StoredReference, type StoredVersion, versionsOf } from "../state/state.ts";

/** Readers of what requests say, shared by the routes. */

export function subjectOf(call: Call): SubjectName {
  return parseSubject(call.param("subject"), call.context);
}

/** The subject, or the one that it is an alias of. For reading only. */
export function aliasedSubjectOf(call: Call): SubjectName {
  const name = subjectOf(call);
  const alias = configAt(call.registry.state, name)?.alias;
  return alias === undefined || alias === "" ? name : parseSubject(alias, name.context);
}

/** Versions of a subject that exists. @throws RegistryRefusal 40401 */
export function demandVersions(
  { registry }: Call,
  name: SubjectName,
  show: { readonly deleted: boolean },
): readonly StoredVersion[] {
  const versions = versionsOf(contextAt(registry.state, name.context), name.subject, show);
  if (versions.length === 0) throw refusals.subjectNotFound(formatSubject(name));
  return versions;
}

/** The number that the path names; undefined: the newest. @throws RegistryRefusal 42202 */
export function wantedVersion(call: Call): number | undefined {
  const wanted = call.param("version");
  if (wanted === "latest" || wanted === "-1") return undefined;
  const number = /^\d{1,10}$/.test(wanted) ? Number(wanted) : 0;
  if (number < 1 || number > 2_147_483_647) throw refusals.invalidVersion(wanted);
  return number;
}

/** The version that the path names. @throws RegistryRefusal 42202, 40401 and 40402 */
export function demandVersion(call: Call, name: SubjectName): StoredVersion {
  const wanted = wantedVersion(call);
  const versions = demandVersions(call, name, { deleted: isAsked(call, "deleted") });
  const found = wanted === undefined ? versions.at(-1) : versions.find(({ version }) => version === wanted);
  if (found === undefined) throw refusals.versionNotFound(wanted ?? -1);
  return found;
}

/** The schema of a body. @throws RegistryRefusal 400, 42201 and 42210 */
export function readRegistration({ body }: Call): Registration {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("the body is a JSON object");
  const type = optional(body, "schemaType", text) ?? "AVRO";
  if (type !== "AVRO" && type !== "PROTOBUF") throw refusals.invalidSchema(`Invalid schema type ${type}`);
  const { id, version } = { ...part(body, "id", integer), ...part(body, "version", integer) };
  return {
    type,
    schema: optional(body, "schema", text) ?? "",
    references: optional(body, "references", listOf(readReference)) ?? [],
    ...part(body, "metadata", readMetadata),
    ...part(body, "ruleSet", readRuleSet),
    // Clients that say nothing write 0 or -1.
    ...(id !== undefined && id > 0 ? { id } : {}),
    ...(version !== undefined && version > 0 ? { version } : {}),
  };
}

function readReference(value: unknown): StoredReference {
  return {
    name: optional(value, "name", text) ?? "",
    subject: optional(value, "subject", text) ?? "",
    version: optional(value, "version", integer) ?? 0,
  };
}
