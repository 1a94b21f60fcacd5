import { LRUCache } from "lru-cache";
import type { Clock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { SchemaKey } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import { createLookupGate } from "./lookup-gate.ts";
import type { ResolvedRegistryOptions } from "./options.ts";
import type { RegisteredSchema, SchemaRegistry, SchemaRequest } from "./port.ts";

export type CacheOptions = Pick<
  ResolvedRegistryOptions,
  "negativeCacheMs" | "maxCachedSchemas" | "maxLookupsPerSecond"
>;

/**
 * Keeps schemas by id and by GUID, which never change. Concurrent misses of one make one request; a failure is not kept, except
 * "there is no such schema", for a while; ids that turn out unknown are asked for at a bounded rate.
 */
export function createCachedRegistry(
  source: SchemaRegistry,
  options: CacheOptions,
  parts: { readonly observe: Observe; readonly clock: Clock },
): SchemaRegistry {
  const { observe, clock } = parts;
  const schemas = new LRUCache<SchemaKey, RegisteredSchema>({ max: options.maxCachedSchemas });
  const missing = new LRUCache<SchemaKey, { readonly untilMs: number; readonly error: KeryxError }>({
    max: options.maxCachedSchemas,
  });
  const underWay = new Map<SchemaKey, Promise<RegisteredSchema>>();
  const gate = createLookupGate(options.maxLookupsPerSecond, clock);

  async function fetchOnce(key: SchemaKey): Promise<RegisteredSchema> {
    try {
      const schema = await gate.run(() =>
        typeof key === "number" ? source.schemaById(key) : source.schemaByGuid(key),
      );
      schemas.set(key, schema);
      missing.delete(key);
      return schema;
    } catch (thrown) {
      const error = KeryxError.from(thrown);
      if (error.code === "schema_not_found" && options.negativeCacheMs > 0)
        missing.set(key, { untilMs: clock.now() + options.negativeCacheMs, error });
      throw error;
    } finally {
      underWay.delete(key);
    }
  }

  const schemaOf = async (
    key: SchemaKey,
    { signal, fresh = false }: SchemaRequest = {},
  ): Promise<RegisteredSchema> => {
    const kept = fresh ? undefined : schemas.get(key);
    observe({ kind: "schema.cache", hit: kept !== undefined });
    if (kept) return kept;
    const absent = fresh ? undefined : missing.get(key);
    if (absent && clock.now() < absent.untilMs) throw absent.error;
    let request = underWay.get(key);
    if (!request) {
      request = fetchOnce(key);
      underWay.set(key, request);
    }
    return signal ? raceAbort(request, signal, key) : request;
  };

  return {
    ...source,
    cachedSchema: (key) => schemas.get(key),
    schemaById: schemaOf,
    schemaByGuid: schemaOf,
    async close() {
      gate.close();
      await source.close();
    },
  };
}

/** One caller gives up; the shared request goes on for the others. */
function raceAbort<T>(request: Promise<T>, signal: AbortSignal, key: SchemaKey): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(new KeryxError("aborted", `fetching schema ${key}: called off`, { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    request.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
