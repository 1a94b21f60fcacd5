import { errorTable, type KeryxError } from "../../src/core/errors.ts";
import type { Observe } from "../../src/core/signals.ts";
import { createRegistryAdmin, type RegistryAdmin } from "../../src/registry/admin.ts";
import type { RegisteredVersion } from "../../src/registry/port.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import type { CheckedModel } from "../index.ts";
import { changeLockFile } from "../lock-file.ts";
import { updateLock } from "../model/lock.ts";
import { type RegisteredWire, type Release, releaseEvents } from "../model/lock-release.ts";
import type { EventModel } from "../model/model.ts";
import { type Applied, applyPlan, knownVersions, readFacts, toRegisteredWire } from "../register.ts";
import { collectTexts, type Plan, planRegistration } from "../register-plan.ts";
import type { ExitCode, Io, Run } from "./command.ts";
import { findEvents } from "./find-event.ts";
import { loadPassing } from "./guard.ts";
import { type OpenProject, openProject } from "./load.ts";
import {
  formatLine,
  formatNote,
  formatRefusal,
  noteElsewhere,
  type Report,
  toLine,
} from "./register-report.ts";

const nothing = "Nothing was registered.\n";

/** Registers what the schemas say: level first, imports before those that need them; a second run changes nothing. */
export const runRegister: Run = async (call) => {
  const { arguments: names, options, io } = call;
  const project = openProject(options, io);
  const checked = await loadPassing(project, call);
  if (checked === undefined) {
    io.note(nothing);
    return 3;
  }
  const events = findEvents(checked.model, names);
  const admin = createRegistryAdmin(project.config.registry, observeTo(io));
  try {
    const plan = await makePlan(admin, checked, events);
    const isDry = options.dryRun === true;
    const isRefused = plan.refusals.length > 0;
    const report =
      isDry || isRefused ? reportPlan(plan, isDry) : await apply(project, checked, events, admin, plan);
    return tell(report, options.json === true, io);
  } finally {
    await admin.close();
  }
};

async function makePlan(
  admin: RegistryAdmin,
  { lock }: CheckedModel,
  events: readonly EventModel[],
): Promise<Plan> {
  const { texts, refusals } = collectTexts(events);
  if (refusals.length > 0) return { steps: [], notes: [], refusals };
  return planRegistration(texts, await readFacts(admin, texts), knownVersions(lock));
}

function reportPlan({ steps, notes, refusals }: Plan, dryRun: boolean): Report {
  const isRefused = refusals.length > 0;
  return {
    ok: !isRefused,
    dryRun,
    steps: steps.map((step) => toLine(step, isRefused ? "left" : "planned", new Map())),
    refusals,
    notes: notes.map(formatNote),
    lock: "same",
  };
}

async function apply(
  project: OpenProject,
  checked: CheckedModel,
  events: readonly EventModel[],
  admin: RegistryAdmin,
  plan: Plan,
): Promise<Report> {
  const applied = await applyPlan(admin, plan);
  const { places, done, left, error } = applied;
  // What was registered is written down, also when a later one failed: a further run goes on from there.
  const { lock, elsewhere } = await record(project, checked, events, admin, applied);
  return {
    ok: error === undefined,
    dryRun: false,
    steps: [
      ...done.map((step) => toLine(step, "done", places)),
      ...left.map((step, at) => toLine(step, at === 0 ? "failed" : "left", places)),
    ],
    refusals: [],
    notes: [...plan.notes.map(formatNote), ...elsewhere],
    lock,
    ...(error === undefined ? {} : { error: shownError(error) }),
  };
}

const shownError = ({ code, message, help }: KeryxError): NonNullable<Report["error"]> => ({
  code,
  message,
  help,
});

async function record(
  project: OpenProject,
  { model }: CheckedModel,
  events: readonly EventModel[],
  admin: RegistryAdmin,
  { places }: Applied,
): Promise<{ readonly lock: "same" | "written"; readonly elsewhere: readonly string[] }> {
  const wires: [string, RegisteredWire][] = [];
  for (const event of events) {
    const wire = await toRegisteredWire(admin, event, places);
    if (wire !== undefined) wires.push([event.name, wire]);
  }
  if (wires.length === 0) return { lock: "same", elsewhere: [] };
  let releases: ReadonlyMap<string, Release> = new Map();
  const lock = await changeLockFile(project.root, (current) => {
    const released = releaseEvents(updateLock(current, model), wires);
    releases = released.releases;
    return released.lock;
  });
  const subjects = new Map(events.map(({ name, options }) => [name, options.subject.value]));
  const elsewhere = [...releases]
    .filter(([, release]) => release.isElsewhere)
    .map(([name, release]) =>
      noteElsewhere(name, release, places.get(subjects.get(name) ?? "") as RegisteredVersion),
    );
  return { lock, elsewhere };
}

function tell(report: Report, asJson: boolean, io: Io): ExitCode {
  const { ok, dryRun, steps, refusals, notes, lock, error } = report;
  if (asJson) io.out(`${showJson(report)}\n`);
  else io.out([...steps.map(formatLine), ...refusals.map(formatRefusal)].join(""));
  for (const note of notes) io.note(`warning ${showText(note)}\n`);
  if (refusals.length > 0) {
    io.note(nothing);
    return 3;
  }
  if (error !== undefined) {
    io.note(`error ${showText(error.message)}\n  next:  ${showText(error.help)}\n`);
    io.note("What stands above as failed or left is not registered. Run `keryx register` again to go on.\n");
    return errorTable[error.code].exit;
  }
  const count = (kind: string): number => steps.filter((step) => step.kind === kind).length;
  const isIdle = count("register") + count("set-level") === 0;
  if (dryRun) io.note(isIdle ? "Nothing to do.\n" : "This was a dry run: nothing was written.\n");
  else if (isIdle)
    io.note(
      `Everything was registered already${lock === "written" ? "; schemas.lock.json knows it now" : ""}.\n`,
    );
  else
    io.note(
      `${count("register")} registered, ${count("keep")} unchanged${lock === "written" ? "; schemas.lock.json written" : ""}.\n`,
    );
  return ok ? 0 : 1;
}

/** Waiting is told, so that a slow registry does not look like a hanging command. */
function observeTo(io: Io): Observe {
  return (signal) => {
    if (signal.kind === "registry.request_failed" && signal.willRetry)
      io.note(
        `${showText(signal.url)} did not answer well${signal.status === undefined ? "" : ` (${signal.status})`}; trying again.\n`,
      );
  };
}
