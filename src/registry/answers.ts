import { KeryxError } from "../core/errors.ts";
import { type CompatibilityLevel, compatibilityLevels } from "../core/event.ts";
import { schemaLimits } from "../schema/limits.ts";
import type { RegisteredSchema, RegisteredVersion, SchemaReference, SchemaType } from "./port.ts";
import { sanitize } from "./sanitize.ts";

/**
 * Readers of what a registry answers. Answers are untrusted: own members only, each one checked for its kind and size.
 */

const schemaTypes: readonly SchemaType[] = ["AVRO", "PROTOBUF", "JSON"];
const highestId = 2_147_483_647;
const maxNameLength = 4_096;
const guidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const maxVersions = 100_000;
const maxMessages = 200;
const maxMessageLength = 2_000;

/** @throws `schema_invalid` when the text or the list of references is beyond the limits */
export function readSchema(body: unknown, id: number): RegisteredSchema {
  const schema = member(body, "schema");
  if (typeof schema !== "string") throw malformed("schema");
  const bytes = Buffer.byteLength(schema);
  if (bytes > schemaLimits.textBytes)
    throw new KeryxError("schema_invalid", `schema ${id} has ${bytes} bytes of ${schemaLimits.textBytes}`, {
      details: { id, bytes },
    });
  // Servers leave the type out for Avro.
  const type = member(body, "schemaType") ?? "AVRO";
  const known = schemaTypes.find((one) => one === type);
  if (!known) throw malformed("schemaType");
  return { id, type: known, schema, references: readReferences(body, id), ...readGuid(body) };
}

/** The place of a schema: of a look-up, or of one version. */
export function readVersion(body: unknown, subject: string): RegisteredVersion {
  const version = readInteger(body, "version", 1);
  return { subject, version, id: readId(body), ...readGuid(body) };
}

export function readId(body: unknown): number {
  return readInteger(body, "id", 0);
}

/** The id of a schema that was asked for by GUID; 0 when the answer does not say. */
export function readOptionalId(body: unknown): number {
  return member(body, "id") === undefined ? 0 : readId(body);
}

/** The version of a registration's answer; older servers answer the id alone. */
export function readOptionalVersion(body: unknown): number | undefined {
  return member(body, "version") === undefined ? undefined : readInteger(body, "version", 1);
}

export function readGuid(body: unknown): { readonly guid?: string } {
  const guid = member(body, "guid");
  return typeof guid === "string" && guidForm.test(guid) ? { guid: guid.toLowerCase() } : {};
}

/** Undefined when the server says nothing that is a level. */
export function readLevel(body: unknown): CompatibilityLevel | undefined {
  const level = member(body, "compatibilityLevel") ?? member(body, "compatibility");
  return compatibilityLevels.find((one) => one === level);
}

/** Settings beside the level, as far as a comparison needs them; a text of no use is none. */
export function readRules(body: unknown): { readonly group?: string; readonly policy?: string } {
  const text = (name: string): string | undefined => {
    const value = member(body, name);
    return typeof value === "string" && value !== "" && value.length <= maxNameLength ? value : undefined;
  };
  const [group, policy] = [text("compatibilityGroup"), text("compatibilityPolicy")];
  return { ...(group === undefined ? {} : { group }), ...(policy === undefined ? {} : { policy }) };
}

/** The registry's own error code, for example 40403; undefined when somebody else answered. */
export function readErrorCode(body: unknown): number | undefined {
  const code = member(body, "error_code");
  return typeof code === "number" && Number.isSafeInteger(code) ? code : undefined;
}

export function readMessage(body: unknown): string {
  const message = member(body, "message");
  return typeof message === "string" ? message : "";
}

/** The version numbers of a subject, ascending. */
export function readVersions(body: unknown): readonly number[] {
  if (!Array.isArray(body) || body.length > maxVersions) throw malformed("versions");
  const versions = body.map((version: unknown) => checkInteger(version, "versions", 1));
  return [...new Set(versions)].sort((a, b) => a - b);
}

/** The answer of a compatibility check. The messages are the other side's text: bounded, one line each. */
export function readVerdict(body: unknown): {
  readonly compatible: boolean;
  readonly messages: readonly string[];
} {
  const compatible = member(body, "is_compatible");
  const messages = member(body, "messages") ?? [];
  if (typeof compatible !== "boolean") throw malformed("is_compatible");
  if (!Array.isArray(messages)) throw malformed("messages");
  const texts = messages.slice(0, maxMessages).filter((one: unknown) => typeof one === "string");
  return { compatible, messages: texts.map((one) => sanitize(one, maxMessageLength)) };
}

export function readReferences(body: unknown, id: number): readonly SchemaReference[] {
  const references = member(body, "references") ?? [];
  if (!Array.isArray(references)) throw malformed("references");
  if (references.length > schemaLimits.references)
    throw new KeryxError("schema_invalid", `schema ${id} has ${references.length} references`, {
      details: { id, references: references.length },
    });
  return references.map((reference: unknown) => ({
    name: readName(reference, "name"),
    subject: readName(reference, "subject"),
    version: readInteger(reference, "version", 1),
  }));
}

function readName(value: unknown, name: string): string {
  const text = member(value, name);
  if (typeof text !== "string" || text.length > maxNameLength) throw malformed(`references.${name}`);
  return text;
}

function readInteger(body: unknown, name: string, lowest: number): number {
  return checkInteger(member(body, name), name, lowest);
}

function checkInteger(value: unknown, name: string, lowest: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < lowest || value > highestId)
    throw malformed(name);
  return value;
}

/** An own member; undefined when it is absent or null. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}

function malformed(name: string): KeryxError {
  return new KeryxError("registry_error", `the registry's answer has no valid "${name}"`, {
    help: "Check `registry.url`: something else may be answering there.",
  });
}
