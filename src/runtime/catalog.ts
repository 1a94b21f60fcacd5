import type { EventPolicy, SchemaFormat, Serialization } from "../core/event.ts";

/** One event as the generated catalogue lists it. */
export interface CatalogEvent {
  /** Event type, for example `order.placed`. */
  readonly type: string;
  /** Full name of the message or record. */
  readonly name: string;
  readonly format: SchemaFormat;
  /** Default: BINARY. */
  readonly serialization?: Serialization;
  /** Registry subject. */
  readonly subject: string;
  /** Paths of the fields that hold key, dedupe id and event time, as the schema writes them. */
  readonly key?: string;
  readonly id?: string;
  readonly time?: string;
  readonly policy: EventPolicy;
  /** Dotted paths of sensitive fields. */
  readonly sensitive: readonly string[];
}

/** One topic of the generated catalogue. */
export interface CatalogTopic {
  readonly name: string;
  readonly events: readonly CatalogEvent[];
}

/** Everything that a project's schemas declare, as plain data: it refers to no codec. */
export interface Catalog {
  readonly topics: readonly CatalogTopic[];
}
