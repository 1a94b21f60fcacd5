import { type Call, isAsked, json, type Route } from "../http/route.ts";
import { refusals } from "../refusals.ts";
import { formatSubject, type SubjectName } from "../state/names.ts";
import { isReadOnly, modeInForce, setConfig, setMode } from "../state/settings.ts";
import { contextAt, dropVersions, keepVersion, type StoredVersion, versionsOf } from "../state/state.ts";
import { demandVersions, subjectOf, wantedVersion } from "./reading.ts";
import { referencedBy } from "./references.ts";

function checkWritable({ registry }: Call, name: SubjectName): void {
  if (isReadOnly(modeInForce(registry.state, name)))
    throw refusals.notPermitted(`Subject ${formatSubject(name)} is in read-only mode`);
}

function checkUnreferenced({ registry }: Call, name: SubjectName, { version }: StoredVersion): void {
  const referrers = referencedBy(registry.state, name, version);
  if (referrers.some((one) => !one.version.isDeleted))
    throw refusals.referenced(formatSubject(name), version);
}

/** Hides versions, or takes them out when they are hidden. Settings go with the last one. */
function remove(call: Call, name: SubjectName, versions: readonly StoredVersion[]): void {
  const { state } = call.registry;
  const context = contextAt(state, name.context);
  if (isAsked(call, "permanent")) {
    const gone = new Set(versions);
    dropVersions(context, name.subject, (version) => gone.has(version));
  } else for (const version of versions) keepVersion(context, name.subject, { ...version, isDeleted: true });
  if (versionsOf(context, name.subject, { deleted: false }).length > 0) return;
  setConfig(state, name, undefined);
  setMode(state, name, undefined);
}

function deleteSubject(call: Call): readonly number[] {
  const name = subjectOf(call);
  const subject = formatSubject(name);
  checkWritable(call, name);
  const isPermanent = isAsked(call, "permanent");
  const all = demandVersions(call, name, { deleted: true });
  const live = all.filter(({ isDeleted }) => !isDeleted);
  if (!isPermanent && live.length === 0) throw refusals.subjectSoftDeleted(subject);
  if (isPermanent && live.length > 0) throw refusals.subjectNotSoftDeleted(subject);
  const removed = isPermanent ? all : live;
  for (const version of removed) checkUnreferenced(call, name, version);
  remove(call, name, removed);
  return removed.map(({ version }) => version);
}

function deleteVersion(call: Call): number {
  const name = subjectOf(call);
  const subject = formatSubject(name);
  const wanted = wantedVersion(call);
  checkWritable(call, name);
  const isPermanent = isAsked(call, "permanent");
  const all = demandVersions(call, name, { deleted: true });
  const newest = all.findLast(({ isDeleted }) => isDeleted === isPermanent) ?? all.at(-1);
  const found = wanted === undefined ? newest : all.find(({ version }) => version === wanted);
  if (found === undefined) throw refusals.versionNotFound(wanted ?? -1);
  const { version, isDeleted } = found;
  if (!isPermanent && isDeleted) throw refusals.versionSoftDeleted(subject, version);
  if (isPermanent && !isDeleted) throw refusals.versionNotSoftDeleted(subject, version);
  checkUnreferenced(call, name, found);
  remove(call, name, [found]);
  return version;
}

export const deletionRoutes: readonly Route[] = [
  { method: "DELETE", path: "/subjects/{subject}", handle: (call) => json(deleteSubject(call)) },
  {
    method: "DELETE",
    path: "/subjects/{subject}/versions/{version}",
    handle: (call) => json(deleteVersion(call)),
  },
];
