import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import type { CompatibilityLevel, SchemaFormat, Serialization } from "../../src/core/event.ts";
import type { AvroNamedType, AvroRecord } from "../../src/schema/avro/model.ts";
import type { Span } from "../diagnostics.ts";

/** Where a value of the policy comes from; `keryx explain` shows it. */
export type Origin =
  | { readonly kind: "schema"; readonly at: Span }
  /** A line of `keryx.yaml`; `path` is the dotted path of the setting. */
  | { readonly kind: "config"; readonly path: string }
  | { readonly kind: "lock" }
  | { readonly kind: "default"; readonly why: string };

export interface Sourced<T> {
  readonly value: T;
  readonly from: Origin;
}

/** A dotted path of fields, resolved from the event's root. */
export interface FieldPath {
  /** As written in the schema, for example `customer.id`. */
  readonly text: string;
  /** Property names of the generated type, in order. */
  readonly properties: readonly string[];
  /** What the leaf is, so that it can be printed as text or as time. */
  readonly leaf:
    | "string"
    | "int"
    | "bigint"
    | "boolean"
    | "date"
    | "timestamp"
    | "micros"
    | "nanos"
    | "enum"
    | "uuid";
  readonly at: Span;
}

export interface EventOptions {
  readonly type: Sourced<string>;
  readonly topic: Sourced<string>;
  readonly key?: Sourced<FieldPath>;
  readonly id?: Sourced<FieldPath>;
  readonly time?: Sourced<FieldPath>;
  readonly compatibility: Sourced<CompatibilityLevel>;
  readonly retryDelaysMs: Sourced<readonly number[]>;
  readonly deadLetter: Sourced<string>;
  readonly ordered: Sourced<boolean>;
  readonly serialization: Sourced<Serialization>;
  readonly owner?: Sourced<string>;
  /** For whoever creates the topic; schemas do not state it. */
  readonly partitions?: Sourced<number>;
  /** Of an event that is written as JSON: a name for its history in the lock file; nothing is registered. */
  readonly subject: Sourced<string>;
}

/** True when a registry holds the event's schema; JSON needs none. */
export function isRegistered({
  options,
}: {
  readonly options: Pick<EventOptions, "serialization">;
}): boolean {
  return options.serialization.value === "BINARY";
}

export interface WireReferenceModel {
  readonly name: string;
  readonly subject: string;
  readonly schema: string;
  readonly references: readonly WireReferenceModel[];
}

/** What is registered: the schema without our options. */
export interface WireModel {
  readonly schema: string;
  readonly references: readonly WireReferenceModel[];
  /** SHA-256 of `schema`, lower-case hex. */
  readonly fingerprint: string;
}

/** A released text, with those that it refers to. */
export interface ReleasedSchema {
  readonly schema: string;
  readonly references: readonly ReleasedSchema[];
}

/** One event, whatever format it was written in. */
export interface EventModel {
  readonly format: SchemaFormat;
  /** Full name of the message or record. */
  readonly name: string;
  /** Simple name, valid as an identifier, for example `OrderPlaced`. */
  readonly identifier: string;
  /** Lower camel case method name, for example `orderPlaced`. */
  readonly method: string;
  readonly at: Span;
  /** Documentation comment of the schema, raw text. */
  readonly doc?: string;
  /** Deprecation: a reason, or true without one. */
  readonly deprecated?: string | true;
  readonly options: EventOptions;
  /** Dotted paths in terms of generated properties, through nested types. */
  readonly sensitive: readonly string[];
  /** Protobuf message index path; empty for Avro. */
  readonly index: readonly number[];
  readonly wire: WireModel;
  /** Released versions of the schema in the event's format, oldest first, as the lock file has them. */
  readonly released?: readonly ReleasedSchema[];
  readonly source:
    | { readonly kind: "protobuf"; readonly file: DescFile; readonly message: DescMessage }
    | { readonly kind: "avro"; readonly record: AvroRecord };
}

export interface TopicModel {
  readonly name: string;
  /** Camel case of the topic, for example `orderEvents`. */
  readonly identifier: string;
  readonly events: readonly EventModel[];
}

/** The whole project: what the printers see. Everything is sorted, nothing depends on the machine. */
export interface ProjectModel {
  /** Sorted by name. */
  readonly events: readonly EventModel[];
  /** Sorted by name. */
  readonly topics: readonly TopicModel[];
  /** Every named Avro type of every file, sorted by full name. */
  readonly avroTypes: readonly { readonly type: AvroNamedType; readonly at: Span }[];
  /** The Protobuf side, when there are .proto files. */
  readonly protobuf?: {
    /** Files of the project (not imports from elsewhere), sorted by path, without `keryx/v1/options.proto`. */
    readonly files: readonly DescFile[];
  };
}
