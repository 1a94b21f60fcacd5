import type { RegistryAdmin } from "../../../src/registry/admin.ts";
import type { RegisteredVersion } from "../../../src/registry/port.ts";
import type { CheckedModel } from "../../index.ts";
import { changeLockFile } from "../../lock-file.ts";
import { updateLock } from "../../model/lock.ts";
import {
  type RegisteredWire,
  type Release,
  type ReleasedVersion,
  releaseEvents,
} from "../../model/lock-release.ts";
import { type EventModel, isRegistered } from "../../model/model.ts";
import { toRegisteredWire } from "../../register.ts";
import type { SubjectFacts } from "../../register-plan.ts";
import type { OpenProject } from "../load.ts";
import { learnHistory } from "./history.ts";
import { noteElsewhere, noteHistory } from "./report.ts";

/** What the registry holds now, and held before. */
export interface RegistryState {
  readonly places: ReadonlyMap<string, RegisteredVersion>;
  readonly facts: ReadonlyMap<string, SubjectFacts>;
}

/** Writes into the lock file what is registered, whoever registered it, and what needs no registry. */
export async function recordReleases(
  project: OpenProject,
  { lock, model }: CheckedModel,
  events: readonly EventModel[],
  admin: RegistryAdmin,
  { places, facts }: RegistryState,
): Promise<{ readonly lock: "same" | "written"; readonly notes: readonly string[] }> {
  const registered: [string, RegisteredWire | undefined, readonly ReleasedVersion[]][] = [];
  const notes: string[] = [];
  for (const event of events) {
    const subject = event.options.subject.value;
    // Nobody asks a registry about JSON; its history is the lock file's alone.
    if (!isRegistered(event)) registered.push([event.name, undefined, []]);
    const wire = await toRegisteredWire(admin, event, places);
    if (wire === undefined) continue;
    const before = (facts.get(subject)?.versions ?? []).filter((number) => number !== wire.version);
    const learned = await learnHistory(admin, event.name, subject, before, lock.events.get(event.name));
    if (learned.problem !== undefined) notes.push(noteHistory(subject, learned.problem));
    registered.push([event.name, wire, learned.versions]);
  }
  if (registered.length === 0) return { lock: "same", notes };
  let releases: ReadonlyMap<string, Release> = new Map();
  const written = await changeLockFile(project.root, (current) => {
    const released = releaseEvents(updateLock(current, model), registered);
    releases = released.releases;
    return released.lock;
  });
  for (const [name, wire] of registered) {
    const release = releases.get(name);
    if (release?.isElsewhere === true && wire !== undefined) notes.push(noteElsewhere(name, release, wire));
  }
  return { lock: written, notes };
}
