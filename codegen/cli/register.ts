import { errorTable, KeryxError } from "../../src/core/errors.ts";
import type { Observe } from "../../src/core/signals.ts";
import { createRegistryAdmin, type RegistryAdmin } from "../../src/registry/admin.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import type { CheckedModel } from "../index.ts";
import { type EventModel, isRegistered } from "../model/model.ts";
import { applyPlan, knownVersions, readFacts } from "../register.ts";
import { collectTexts, type Plan, planRegistration, type SubjectFacts } from "../register-plan.ts";
import type { ExitCode, Io, Run } from "./command.ts";
import { findEvents } from "./find-event.ts";
import { loadPassing } from "./guard.ts";
import { type OpenProject, openProject } from "./load.ts";
import { recordReleases } from "./register/record.ts";
import { formatLine, formatNote, formatRefusal, type Report, toLine } from "./register/report.ts";

type Facts = ReadonlyMap<string, SubjectFacts>;

const nothing = "Nothing was registered.\n";
const unfinished =
  "What stands above as failed or left is not registered. Run `keryx register` again to go on.\n";
const unwritten =
  "All of it is registered, but schemas.lock.json was not written. Run `keryx register` again to write it.\n";

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
  const session: Session = { project, checked, events, admin, io };
  try {
    const { plan, facts } = await makePlan(session);
    // Said before anything is changed: an import may be another one than its owner's.
    warn(plan.notes.map(formatNote), io);
    const isDry = options.dryRun === true;
    const isRefused = plan.refusals.length > 0;
    const steps = isDry || isRefused ? reportPlan(plan, isDry) : await apply(session, plan, facts);
    const unregistered = events.filter((event) => !isRegistered(event)).map(({ name }) => name);
    return tell({ ...steps, unregistered }, options.json === true, io);
  } finally {
    await admin.close();
  }
};

/** What one run works with. */
interface Session {
  readonly project: OpenProject;
  readonly checked: CheckedModel;
  readonly events: readonly EventModel[];
  readonly admin: RegistryAdmin;
  readonly io: Io;
}

async function makePlan({
  admin,
  checked,
  events,
}: Session): Promise<{ readonly plan: Plan; readonly facts: Facts }> {
  const { texts, refusals } = collectTexts(events);
  if (refusals.length > 0) return { plan: { steps: [], notes: [], refusals }, facts: new Map() };
  const facts = await readFacts(admin, texts);
  return { plan: planRegistration(texts, facts, knownVersions(checked.lock)), facts };
}

/** What became of the schemas that a registry has to hold. */
type Steps = Omit<Report, "unregistered">;

function reportPlan({ steps, notes, refusals }: Plan, dryRun: boolean): Steps {
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

async function apply(session: Session, plan: Plan, facts: Facts): Promise<Steps> {
  const { project, checked, events, admin, io } = session;
  const applied = await applyPlan(admin, plan);
  const { places, done, left } = applied;
  // What was registered is written down, also when a later one failed: a further run goes on from there.
  const recorded = await recordReleases(project, checked, events, admin, { places, facts }).catch(
    (thrown: unknown) => ({
      lock: "same" as const,
      notes: [],
      error: KeryxError.from(thrown, "generate_failed"),
    }),
  );
  const { lock, notes } = recorded;
  warn(notes, io);
  const error = applied.error ?? ("error" in recorded ? recorded.error : undefined);
  return {
    ok: error === undefined,
    dryRun: false,
    steps: [
      ...done.map((step) => toLine(step, "done", places)),
      ...left.map((step, at) => toLine(step, at === 0 ? "failed" : "left", places)),
    ],
    refusals: [],
    notes: [...plan.notes.map(formatNote), ...notes],
    lock,
    ...(error === undefined ? {} : { error: shownError(error) }),
  };
}

const shownError = ({ code, message, help }: KeryxError): NonNullable<Report["error"]> => ({
  code,
  message,
  help,
});

function warn(notes: readonly string[], io: Io): void {
  for (const note of notes) io.note(`warning ${showText(note)}\n`);
}

function tell(report: Report, asJson: boolean, io: Io): ExitCode {
  const { ok, dryRun, steps, refusals, lock, error } = report;
  if (asJson) io.out(`${showJson(report)}\n`);
  else io.out([...steps.map(formatLine), ...refusals.map(formatRefusal)].join(""));
  if (refusals.length > 0) {
    io.note(nothing);
    return 3;
  }
  if (error !== undefined) {
    io.note(`error ${showText(error.message)}\n  next:  ${showText(error.help)}\n`);
    const isDone = steps.every(({ state }) => state === "done");
    io.note(isDone ? unwritten : unfinished);
    return errorTable[error.code].exit;
  }
  for (const name of report.unregistered)
    io.note(
      `${showText(name)} is written as JSON, which needs no registry: its schema is kept in schemas.lock.json.\n`,
    );
  const count = (kind: string): number => steps.filter((step) => step.kind === kind).length;
  const isIdle = count("register") + count("set-level") === 0;
  if (steps.length === 0)
    io.note(`There is no event to register${lock === "written" ? "; schemas.lock.json written" : ""}.\n`);
  else if (dryRun) io.note(isIdle ? "Nothing to do.\n" : "This was a dry run: nothing was written.\n");
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
