import { createHash } from "node:crypto";

/** A data contract rule as the registry keeps it. */
export interface GuidRule {
  readonly name?: string;
  readonly doc?: string;
  readonly kind?: string;
  readonly mode?: string;
  readonly type?: string;
  readonly tags?: readonly string[];
  readonly params?: ReadonlyMap<string, string>;
  readonly expr?: string;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly disabled?: boolean;
}

/** All that a schema's GUID covers: the same in every registry that keeps the same text. */
export interface GuidParts {
  /** As the registry keeps it, which need not be the file's text. */
  readonly schema: string;
  readonly references: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
  readonly metadata?: {
    readonly tags?: ReadonlyMap<string, readonly string[]>;
    readonly properties?: ReadonlyMap<string, string>;
    readonly sensitive?: readonly string[];
  };
  readonly ruleSet?: {
    readonly migrationRules?: readonly GuidRule[];
    readonly domainRules?: readonly GuidRule[];
    readonly encodingRules?: readonly GuidRule[];
    readonly enableAt?: string;
  };
}

const present = Buffer.from([1]);

/**
 * The GUID that a registry of Confluent's 8.0 and later gives a schema, computed without asking one: MD5 of its parts,
 * written as a UUID without version bits.
 */
export function guidOf({ schema, references, metadata, ruleSet }: GuidParts): string {
  const hash = createHash("md5");
  const add = (...texts: readonly (string | undefined)[]): void => {
    for (const text of texts) if (text !== undefined) hash.update(text, "utf8");
  };
  add(schema);
  for (const { name, subject, version } of references) {
    add(name, subject);
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(version);
    hash.update(bytes);
  }
  if (metadata !== undefined) {
    hash.update(present);
    for (const [key, values] of inOrder(metadata.tags)) add(key, ...[...values].sort());
    for (const [key, value] of inOrder(metadata.properties)) add(key, value);
    add(...[...(metadata.sensitive ?? [])].sort());
  }
  if (ruleSet !== undefined) {
    hash.update(present);
    const { migrationRules = [], domainRules = [], encodingRules = [], enableAt } = ruleSet;
    for (const rule of [...migrationRules, ...domainRules, ...encodingRules]) {
      add(rule.name, rule.doc, rule.kind, rule.mode, rule.type, ...[...(rule.tags ?? [])].sort());
      for (const [key, value] of inOrder(rule.params)) add(key, value);
      add(rule.expr, rule.onSuccess, rule.onFailure);
      if (rule.disabled === true) hash.update(present);
    }
    add(enableAt);
  }
  return hash.digest("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** By code unit, on every machine. */
function inOrder<T>(map: ReadonlyMap<string, T> = new Map()): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
