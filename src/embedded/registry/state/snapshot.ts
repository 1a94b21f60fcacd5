import type { RegistryState } from "./state.ts";

/** All memory of a registry at one moment; to be handed back to `restore`, of any registry. */
export interface RegistrySnapshot {
  readonly state: RegistryState;
}

// What the maps hold is never changed, only replaced.
export function takeSnapshot(state: RegistryState): RegistrySnapshot {
  const contexts = [...state.contexts].map(
    ([name, context]) =>
      [
        name,
        {
          ...context,
          subjects: new Map(context.subjects),
          schemas: new Map(context.schemas),
          byIdentity: new Map(context.byIdentity),
          byGuid: new Map(context.byGuid),
          configs: new Map(context.configs),
          modes: new Map(context.modes),
        },
      ] as const,
  );
  return { state: { ...state, contexts: new Map(contexts) } };
}

/** Makes the state what it was; the snapshot can be used again. */
export function restoreSnapshot(state: RegistryState, snapshot: RegistrySnapshot): void {
  const { contexts, config, mode } = takeSnapshot(snapshot.state).state;
  state.contexts.clear();
  for (const [name, context] of contexts) state.contexts.set(name, context);
  state.config = config;
  state.mode = mode;
}
