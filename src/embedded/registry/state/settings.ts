import type { CompatibilityLevel } from "../../../core/event.ts";
import type { SubjectName } from "./names.ts";
import { contextAt, type Mode, openContext, type RegistryState, type SubjectConfig } from "./state.ts";

/** Where something is set; undefined: for all. */
export type SettingPlace = SubjectName | undefined;

export function configAt(state: RegistryState, place: SettingPlace): SubjectConfig | undefined {
  return place === undefined ? state.config : contextAt(state, place.context).configs.get(place.subject);
}

/** `undefined` takes it away. */
export function setConfig(
  state: RegistryState,
  place: SettingPlace,
  config: SubjectConfig | undefined,
): void {
  if (place === undefined) state.config = config ?? {};
  else if (config === undefined) contextAt(state, place.context).configs.delete(place.subject);
  else openContext(state, place.context).configs.set(place.subject, config);
}

/** What holds for a place: each setting from the nearest level that has it. An alias is nobody else's. */
export function configInForce(
  state: RegistryState,
  place: SettingPlace,
  fallback: CompatibilityLevel,
): SubjectConfig & { readonly compatibility: CompatibilityLevel } {
  const outer = place === undefined ? [] : [state.config, configAt(state, outerPlace(place))];
  const { alias: _, ...inherited }: SubjectConfig = Object.assign({}, ...outer);
  return { compatibility: fallback, ...inherited, ...configAt(state, place) };
}

function outerPlace({ context }: SubjectName): SubjectName {
  return { context, subject: "" };
}

export function modeAt(state: RegistryState, place: SettingPlace): Mode | undefined {
  return place === undefined ? state.mode : contextAt(state, place.context).modes.get(place.subject);
}

export function setMode(state: RegistryState, place: SettingPlace, mode: Mode | undefined): void {
  if (place === undefined) state.mode = mode;
  else if (mode === undefined) contextAt(state, place.context).modes.delete(place.subject);
  else openContext(state, place.context).modes.set(place.subject, mode);
}

/** A global READONLY_OVERRIDE goes before what a subject has. */
export function modeInForce(state: RegistryState, place: SettingPlace): Mode {
  if (state.mode === "READONLY_OVERRIDE" || place === undefined) return state.mode ?? "READWRITE";
  return modeAt(state, place) ?? modeAt(state, outerPlace(place)) ?? state.mode ?? "READWRITE";
}

export function isReadOnly(mode: Mode): boolean {
  return mode === "READONLY" || mode === "READONLY_OVERRIDE";
}
