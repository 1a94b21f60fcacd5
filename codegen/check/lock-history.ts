import { type Finding, find } from "../diagnostics-finding.ts";
import type { Lock, LockedEvent, LockedVersion } from "../model/lock.ts";
import { type CheckRequest, placeInLock } from "./request.ts";

/** Versions that an earlier state of the lock file has and this one has not, or has otherwise. */
export function findLostVersions(
  request: Pick<CheckRequest, "lock" | "lockText">,
  before: Lock,
  label: string,
): readonly Finding[] {
  const now = request.lock;
  return [...before.events].flatMap(([event, { released, versions }]) => {
    const problem = problemOf(versions, now.events.get(event));
    if (problem === undefined) return [];
    return [
      find("lock-edited", placeInLock(request, event), `${event}: ${problem}, compared with ${label}.`, {
        event,
        ...(released === undefined ? {} : { subject: released.subject }),
        against: label,
      }),
    ];
  });
}

function problemOf(before: readonly LockedVersion[], now: LockedEvent | undefined): string | undefined {
  if (before.length === 0) return undefined;
  if (now === undefined || now.versions.length === 0)
    return `its ${before.length === 1 ? "released version is" : `${before.length} released versions are`} gone`;
  for (const [index, version] of before.entries()) {
    const other = now.versions[index];
    if (other === undefined) return `released version ${index + 1} is gone`;
    if (other.fingerprint === version.fingerprint) continue;
    if (now.versions.some(({ fingerprint }) => fingerprint === version.fingerprint))
      return `released version ${index + 1} stands at another place`;
    return `released version ${index + 1} ${now.versions.length < before.length ? "is gone" : "has another text"}`;
  }
  return undefined;
}
