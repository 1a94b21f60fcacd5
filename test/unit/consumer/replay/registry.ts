import { KeryxError } from "../../../../src/core/errors.ts";
import type { SchemaRegistry } from "../../../../src/registry/port.ts";

/** Nobody may ask it, or finds out. */
export const unreachableRegistry: SchemaRegistry = new Proxy({} as SchemaRegistry, {
  get: (_, name) =>
    name === "cachedSchema"
      ? () => undefined
      : () => Promise.reject(new KeryxError("registry_unreachable", "nobody answers")),
});
