import type { DescFile } from "@bufbuild/protobuf";
import type { SchemaFormat } from "../../src/core/event.ts";
import type { AvroNamedType } from "../../src/schema/avro/model.ts";
import type { Span } from "../diagnostics.ts";
import type { EventModel, WireModel } from "./model.ts";

/** Options as a schema declares them, in the same JSON for both formats, with the place of each. */
export interface DeclaredOptions {
  readonly json: unknown;
  /** The place of an option by its key, for example `retry`; of the whole when the key is not there. */
  readonly at: (key?: string) => Span;
}

/** An event as its file declares it: nothing resolved, nothing filled in. */
export interface LoadedEvent {
  readonly format: SchemaFormat;
  /** Full name. */
  readonly name: string;
  readonly at: Span;
  readonly doc?: string;
  readonly deprecated?: string | true;
  readonly declared: DeclaredOptions;
  /** Protobuf message index path; empty for Avro. */
  readonly index: readonly number[];
  readonly wire: WireModel;
  readonly source: EventModel["source"];
}

/** What the schema files say, both formats side by side. */
export interface LoadedSchemas {
  readonly events: readonly LoadedEvent[];
  /** Fields marked sensitive, by full name: the type's name, a dot, the field's name. */
  readonly sensitive: ReadonlySet<string>;
  /** Every named Avro type, sorted by full name. */
  readonly avroTypes: readonly { readonly type: AvroNamedType; readonly at: Span }[];
  readonly protobuf?: {
    /** Files of the project, sorted by path, without our options and without the options file. */
    readonly files: readonly DescFile[];
  };
}
