import type { ResolvedDevRegistryOptions } from "./options.ts";
import type { Schemas } from "./state/schemas.ts";
import type { RegistryState } from "./state/state.ts";

/** What every route works on. */
export interface Registry {
  readonly options: ResolvedDevRegistryOptions;
  readonly state: RegistryState;
  /** Parsers and engine, once `load` has ended: to start without them halves the time that a start takes. */
  readonly schemas: () => Schemas;
  load(): Promise<void>;
  /** Of this process' registry, for `/v1/metadata/id`. */
  readonly clusterId: string;
}

/** Whether the dialect is of the 8.x lines: GUIDs, and fuller answers. */
export function isEight({ options }: Registry): boolean {
  const { release } = options.dialect;
  return release === "head" || Number.parseInt(release, 10) >= 8;
}
