import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import type { RegistryOptions } from "./options.ts";
import type { SchemaRegistry } from "./port.ts";

/** The client of a Confluent-compatible registry, caches included. */
export function createHttpRegistry(_options: RegistryOptions, _observe: Observe): SchemaRegistry {
  throw new KeryxError("internal", "the registry client is not there yet");
}
