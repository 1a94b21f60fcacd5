import { LRUCache } from "lru-cache";
import type { Clock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import { createLookupGate } from "./lookup-gate.ts";
import type { ResolvedRegistryOptions } from "./options.ts";
import type { RegisteredSchema, SchemaRegistry } from "./port.ts";

export type CacheOptions = Pick<
  ResolvedRegistryOptions,
  "negativeCacheMs" | "maxCachedSchemas" | "maxLookupsPerSecond"
>;

/**
 * Keeps schemas by id, which never change. Concurrent misses of one id make one request; a failure is not kept, except
 * "there is no such schema", for a while; ids that turn out unknown are asked for at a bounded rate.
 */
export function createCachedRegistry(
  source: SchemaRegistry,
  options: CacheOptions,
  parts: { readonly observe: Observe; readonly clock: Clock },
): SchemaRegistry {
  const { observe, clock } = parts;
  const schemas = new LRUCache<number, RegisteredSchema>({ max: options.maxCachedSchemas });
  const missing = new LRUCache<number, { readonly untilMs: number; readonly error: KeryxError }>({
    max: options.maxCachedSchemas,
  });
  const underWay = new Map<number, Promise<RegisteredSchema>>();
  const gate = createLookupGate(options.maxLookupsPerSecond, clock);

  async function fetchOnce(id: number): Promise<RegisteredSchema> {
    try {
      const schema = await gate.run(() => source.schemaById(id));
      schemas.set(id, schema);
      missing.delete(id);
      return schema;
    } catch (thrown) {
      const error = KeryxError.from(thrown);
      if (error.code === "schema_not_found" && options.negativeCacheMs > 0)
        missing.set(id, { untilMs: clock.now() + options.negativeCacheMs, error });
      throw error;
    } finally {
      underWay.delete(id);
    }
  }

  const schemaById: SchemaRegistry["schemaById"] = async (id, { signal, fresh = false } = {}) => {
    const kept = fresh ? undefined : schemas.get(id);
    observe({ kind: "schema.cache", hit: kept !== undefined });
    if (kept) return kept;
    const absent = fresh ? undefined : missing.get(id);
    if (absent && clock.now() < absent.untilMs) throw absent.error;
    let request = underWay.get(id);
    if (!request) {
      request = fetchOnce(id);
      underWay.set(id, request);
    }
    return signal ? raceAbort(request, signal, id) : request;
  };

  return {
    ...source,
    cachedSchema: (id) => schemas.get(id),
    schemaById,
    async close() {
      gate.close();
      await source.close();
    },
  };
}

/** One caller gives up; the shared request goes on for the others. */
function raceAbort<T>(request: Promise<T>, signal: AbortSignal, id: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(new KeryxError("aborted", `fetching schema ${id}: called off`, { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    request.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
