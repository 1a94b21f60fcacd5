import { KeryxError } from "../../src/core/errors.ts";
import { type CompatibilityLevel, compatibilityLevels, type SchemaFormat } from "../../src/core/event.ts";
import { type JsonNode, parseJson } from "../../src/schema/json.ts";
import { quote, schemaError, schemaLimits } from "../../src/schema/limits.ts";
import { type Diagnostic, report } from "../diagnostics.ts";
import {
  emptyLock,
  fingerprintOf,
  type Lock,
  type LockedContract,
  type LockedEvent,
  type LockedPolicy,
  type LockedReference,
  type LockedSchema,
  type LockedVersion,
  lockVersion,
  maxLockBytes,
} from "./lock.ts";
import { sealOf } from "./lock-seal.ts";

const limits = { ...schemaLimits, textBytes: maxLockBytes };

/** Reads the lock file. A text that was broken by hand is refused with its place; the lock is empty then. */
export function parseLock(
  text: string,
  file: string,
): { readonly lock: Lock; readonly diagnostics: readonly Diagnostic[] } {
  const conflict = conflictLine(text);
  if (conflict !== undefined) return { lock: emptyLock, diagnostics: [conflictAt(file, conflict)] };
  try {
    return { lock: readLock(parseJson(text, limits)), diagnostics: [] };
  } catch (thrown) {
    if (!(thrown instanceof KeryxError) || thrown.code !== "schema_invalid") throw thrown;
    const { line, column, message } = thrown.details;
    const at = { file, line: Number(line), column: Number(column) };
    return { lock: emptyLock, diagnostics: [report("lock-invalid", at, String(message))] };
  }
}

/** The line on which git left a merge to a person. No text in the file begins a line. */
function conflictLine(text: string): number | undefined {
  const found = /^(?:<{7}|>{7}|={7}|\|{7})(?: |\r?$)/m.exec(text);
  return found === null ? undefined : text.slice(0, found.index).split("\n").length;
}

function conflictAt(file: string, line: number): Diagnostic {
  return report(
    "lock-invalid",
    { file, line, column: 1 },
    "Git left a merge conflict in the file.",
    "Resolve the schemas first, then run `keryx lock merge`: it keeps the released versions of both sides. `keryx generate` then rewrites the drafts.",
  );
}

type Read<T> = (node: JsonNode) => T;

function fail(node: JsonNode, message: string): never {
  throw schemaError(message, node, []);
}

/** Takes the members of an object one by one; what nobody asked for is refused at the end. */
function readObject<T>(node: JsonNode, read: (member: Members) => T): T {
  if (node.kind !== "object") return fail(node, "Here stands an object.");
  const asked = new Set<string>();
  const find = (key: string): JsonNode | undefined => {
    asked.add(key);
    return node.members.get(key)?.value;
  };
  const result = read({
    required: (key, inner) => inner(find(key) ?? fail(node, `\`${key}\` is missing.`)),
    optional: (key, inner) => {
      const value = find(key);
      return value === undefined ? {} : ({ [key]: inner(value) } as never);
    },
    has: (key) => node.members.has(key),
  });
  for (const [key, { value }] of node.members)
    if (!asked.has(key)) fail(value, `${quote(key)} is no key that Keryx writes here.`);
  return result;
}

interface Members {
  required<T>(key: string, read: Read<T>): T;
  optional<Key extends string, T>(key: Key, read: Read<T>): { readonly [K in Key]?: T };
  has(key: string): boolean;
}

const text: Read<string> = (node) =>
  node.kind === "string" ? node.value : fail(node, "Here stands a text.");
const flag: Read<boolean> = (node) =>
  node.kind === "boolean" ? node.value : fail(node, "Here stands true or false.");
const count: Read<number> = (node) => {
  const value = node.kind === "number" ? Number(node.text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= 0 ? value : fail(node, "Here stands a whole number.");
};
const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (node) =>
    node.kind === "array" ? node.items.map(read) : fail(node, "Here stands a list.");
const oneOf =
  <T extends string>(allowed: readonly T[]): Read<T> =>
  (node) =>
    allowed.find((one) => node.kind === "string" && node.value === one) ??
    fail(node, `Here stands one of ${allowed.join(", ")}.`);

const format = oneOf<SchemaFormat>(["protobuf", "avro"]);
const level = oneOf<CompatibilityLevel>(compatibilityLevels);
const name: Read<string> = (node) => {
  const value = text(node);
  return /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(value)
    ? value
    : fail(node, `${quote(value)} is no full name.`);
};
const guid: Read<string> = (node) => {
  const value = text(node);
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
    ? value
    : fail(node, "Here stands a GUID.");
};

function readLock(node: JsonNode): Lock {
  return readObject(node, (root) => {
    root.required("lockVersion", (version) => {
      if (count(version) !== lockVersion)
        fail(version, `This version of Keryx reads lock files of version ${lockVersion}.`);
    });
    return { events: root.required("events", readEvents) };
  });
}

function readEvents(node: JsonNode): ReadonlyMap<string, LockedEvent> {
  if (node.kind !== "object") return fail(node, "Here stands an object.");
  const events = new Map<string, LockedEvent>();
  for (const [key, member] of node.members) {
    name({ ...member.key, kind: "string", value: key });
    events.set(key, readEvent(member.value));
  }
  return events;
}

function readEvent(node: JsonNode): LockedEvent {
  return readObject(node, (event) => {
    const versions = event.required("versions", listOf(readVersion));
    const isReleased = event.has("format") || event.has("subject") || event.has("policy");
    if (isReleased !== versions.length > 0)
      fail(node, "`format`, `subject` and `policy` stand beside `versions` exactly when there is one.");
    const released = isReleased ? { released: readContract(event) } : {};
    const seal = sealOf({ released: released.released, versions });
    if (seal !== undefined)
      event.required("seal", (found) => {
        if (text(found) !== seal)
          fail(found, "What was released of this event was edited by hand: it does not have this seal.");
      });
    return {
      ...released,
      versions,
      ...event.optional("draft", (draft) =>
        readObject(draft, (members) => ({ ...readContract(members), schema: readSchema(draft, members) })),
      ),
    };
  });
}

function readContract(members: Members): LockedContract {
  return {
    format: members.required("format", format),
    subject: members.required("subject", text),
    policy: members.required("policy", (node) => readObject(node, readPolicy)),
  };
}

function readPolicy(policy: Members): LockedPolicy {
  return {
    type: policy.required("type", text),
    topic: policy.required("topic", text),
    ...policy.optional("key", text),
    ...policy.optional("id", text),
    ...policy.optional("time", text),
    compatibility: policy.required("compatibility", level),
    retry: policy.required("retry", (node) =>
      readObject(node, (retry) => ({ delaysMs: retry.required("delaysMs", listOf(count)) })),
    ),
    deadLetter: policy.required("deadLetter", text),
    ordered: policy.required("ordered", flag),
    ...policy.optional("serialization", oneOf<"JSON" | "AVRO_JSON">(["JSON", "AVRO_JSON"])),
    ...policy.optional("owner", text),
    sensitive: policy.required("sensitive", listOf(text)),
  };
}

const readVersion: Read<LockedVersion> = (node) =>
  readObject(node, (version) => ({
    ...version.optional("subject", text),
    ...version.optional("format", format),
    ...version.optional("id", count),
    ...version.optional("version", count),
    ...version.optional("guid", guid),
    ...readSchema(node, version),
  }));

/** A schema whose text is not the one that was fingerprinted was edited by hand. */
function readSchema(node: JsonNode, members: Members): LockedSchema {
  const found: LockedSchema = {
    fingerprint: members.required("fingerprint", text),
    index: members.required("index", listOf(count)),
    references: members.required("references", listOf(readReference)),
    schema: members.required("schema", text),
  };
  if (fingerprintOf(found.schema) !== found.fingerprint)
    fail(node, "The schema was edited: its text does not have this fingerprint.");
  return found;
}

function readReference(node: JsonNode): LockedReference {
  return readObject(node, (reference) => ({
    name: reference.required("name", text),
    subject: reference.required("subject", text),
    ...reference.optional("version", count),
    schema: reference.required("schema", text),
    references: reference.required("references", listOf(readReference)),
  }));
}
