import { KeryxError } from "../../../src/core/errors.ts";
import type { CompatibilityLevel } from "../../../src/core/event.ts";
import type {
  RegisteredSchema,
  RegisteredVersion,
  SchemaDefinition,
  SchemaRegistry,
} from "../../../src/registry/port.ts";

type Stored = RegisteredSchema & RegisteredVersion;

/** A registry in memory that keeps a list of what it was asked; `stored` and `levels` may be set from outside. */
export interface MemoryRegistry extends SchemaRegistry {
  readonly calls: string[];
  readonly levels: Map<string, CompatibilityLevel>;
  /** Ids that `cachedSchema` knows. */
  readonly cached: Set<number>;
  add(subject: string, schema: Partial<SchemaDefinition>, id?: number): Stored;
  /** Thrown by the next calls of that name. */
  readonly faults: Map<string, KeryxError>;
  /** Called on each request, before it is answered. */
  onCall?: (name: string) => void;
}

export function createMemoryRegistry(): MemoryRegistry {
  const stored: Stored[] = [];
  const calls: string[] = [];
  const levels = new Map<string, CompatibilityLevel>();
  const cached = new Set<number>();
  const faults = new Map<string, KeryxError>();
  const isSame = (one: Stored, subject: string, schema: SchemaDefinition): boolean =>
    one.subject === subject &&
    one.schema === schema.schema &&
    JSON.stringify(one.references) === JSON.stringify(schema.references);
  const call = async (name: string, argument: unknown): Promise<void> => {
    calls.push(`${name} ${argument}`);
    await Promise.resolve();
    registry.onCall?.(name);
    const fault = faults.get(name);
    if (fault !== undefined) throw fault;
  };
  const notFound = (what: string): KeryxError => new KeryxError("schema_not_found", `no ${what}`);
  const registry: MemoryRegistry = {
    calls,
    levels,
    cached,
    faults,
    add(subject, schema, id = stored.length + 1) {
      const version = stored.filter((one) => one.subject === subject).length + 1;
      const entry = {
        type: "AVRO",
        schema: '"null"',
        references: [],
        ...schema,
        subject,
        version,
        id,
      } as const;
      stored.push(entry);
      return entry;
    },
    cachedSchema: (key) =>
      typeof key === "number" && cached.has(key) ? stored.find((one) => one.id === key) : undefined,
    async schemaByGuid(guid) {
      await call("schemaByGuid", guid);
      throw notFound(`schema ${guid}`);
    },
    async schemaById(id, options) {
      await call("schemaById", `${id}${options?.fresh ? " fresh" : ""}`);
      const found = stored.find((one) => one.id === id);
      if (found === undefined) throw notFound(`schema ${id}`);
      return found;
    },
    async schemaByVersion(subject, version) {
      await call("schemaByVersion", `${subject} ${version}`);
      const found = stored.find((one) => one.subject === subject && one.version === version);
      if (found === undefined) throw notFound(`version ${version} of ${subject}`);
      return found;
    },
    async lookup(subject, schema) {
      await call("lookup", subject);
      return stored.find((one) => isSame(one, subject, schema));
    },
    async register(subject, schema) {
      await call("register", subject);
      return stored.find((one) => isSame(one, subject, schema)) ?? registry.add(subject, schema);
    },
    async subjectLevel(subject) {
      await call("subjectLevel", subject);
      return levels.get(subject);
    },
    async setSubjectLevel(subject, level) {
      await call("setSubjectLevel", `${subject} ${level}`);
      levels.set(subject, level);
    },
    async hasSubject(subject) {
      await call("hasSubject", subject);
      return stored.some((one) => one.subject === subject);
    },
    close: async () => undefined,
  };
  return registry;
}
