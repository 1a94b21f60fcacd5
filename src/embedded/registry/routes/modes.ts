import { type Call, isAsked, json, type Route } from "../http/route.ts";
import { member } from "../members.ts";
import { refusals } from "../refusals.ts";
import { formatSubject, type SubjectName } from "../state/names.ts";
import { modeAt, modeInForce, type SettingPlace, setMode } from "../state/settings.ts";
import { contextAt, type Mode, modes, versionsOf } from "../state/state.ts";
import { subjectOf } from "./reading.ts";

function readMode(call: Call): Mode {
  const value = member(call.body, "mode");
  const wanted = typeof value === "string" ? value.toUpperCase() : "";
  const found = modes.find((one) => one === wanted);
  if (found === undefined) throw refusals.invalidMode();
  return found;
}

function update(call: Call, place: SettingPlace): object {
  const mode = readMode(call);
  // Ids that a copy brings would clash with those given out here.
  if (mode === "IMPORT" && !isAsked(call, "force") && hasSubjects(call, place))
    throw refusals.notPermitted("Cannot import since found existing subjects");
  setMode(call.registry.state, place, mode);
  return { mode };
}

function hasSubjects({ registry: { state } }: Call, place: SettingPlace): boolean {
  const show = { deleted: false };
  if (place !== undefined && place.subject !== "")
    return versionsOf(contextAt(state, place.context), place.subject, show).length > 0;
  const contexts = place === undefined ? [...state.contexts.values()] : [contextAt(state, place.context)];
  return contexts.some((context) =>
    [...context.subjects.keys()].some((subject) => versionsOf(context, subject, show).length > 0),
  );
}

function read(call: Call, name: SubjectName): object {
  const { state } = call.registry;
  const mode = isAsked(call, "defaultToGlobal") ? modeInForce(state, name) : modeAt(state, name);
  if (mode === undefined) throw refusals.modeNotSet(formatSubject(name));
  return { mode };
}

function remove(call: Call, name: SubjectName): object {
  const { state } = call.registry;
  const mode = modeAt(state, name);
  if (mode === undefined) throw refusals.subjectNotFound(formatSubject(name));
  setMode(state, name, undefined);
  return { mode };
}

const path = "/mode/{subject}";

export const modeRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/mode",
    handle: ({ registry }) => json({ mode: modeInForce(registry.state, undefined) }),
  },
  { method: "PUT", path: "/mode", handle: (call) => json(update(call, undefined)) },
  {
    method: "DELETE",
    path: "/mode",
    handle({ registry: { state } }) {
      const mode = modeInForce(state, undefined);
      setMode(state, undefined, undefined);
      return json({ mode });
    },
  },
  { method: "GET", path, handle: (call) => json(read(call, subjectOf(call))) },
  { method: "PUT", path, handle: (call) => json(update(call, subjectOf(call))) },
  { method: "DELETE", path, handle: (call) => json(remove(call, subjectOf(call))) },
];
