import type { Verdict } from "../../../src/compatibility/difference.ts";
import type { KeryxError } from "../../../src/core/errors.ts";

/** What `keryx compat --json` prints. Programs read it: members are added, never changed. */
export interface CompatAnswer {
  /** The same as `verdicts.registry`. */
  readonly compatible: boolean;
  readonly level: string;
  readonly dialect: string;
  readonly verdicts: { readonly registry: boolean; readonly wire: boolean };
  /** The registry's kinds, in the order of its engine. */
  readonly differences: readonly object[];
  /** Our kinds. */
  readonly wire: readonly object[];
  readonly ruleSet: string;
  /** The strongest level that would take the change; absent when the asked one does. */
  readonly strongest?: string;
}

export function toAnswer({ level, dialect, ruleSet, registry, wire }: Verdict): CompatAnswer {
  const { strongest } = registry;
  return {
    compatible: registry.compatible,
    level,
    dialect,
    verdicts: { registry: registry.compatible, wire: wire.safe },
    differences: registry.differences.map(
      ({ kind, path, message, compatible, direction, against, advice }) => {
        const found = { kind, path, message, compatible, direction, against };
        return advice === undefined ? found : { ...found, advice };
      },
    ),
    wire: wire.problems.map(({ kind, path, message, advice, severity, direction, against }) => {
      return { kind, path, message, advice, severity, direction, against };
    }),
    ruleSet,
    ...(strongest === undefined ? {} : { strongest }),
  };
}

/** What a program is told of input that cannot be judged. */
export interface CompatRefusal {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export function toRefusal({ code, message, details }: KeryxError): CompatRefusal {
  const { file, line, column } = details;
  return {
    code,
    message: typeof details["message"] === "string" ? details["message"] : message,
    ...(typeof file === "string" ? { file } : {}),
    ...(typeof line === "number" ? { line } : {}),
    ...(typeof column === "number" ? { column } : {}),
  };
}
