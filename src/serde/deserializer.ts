import type { EventType } from "../core/event.ts";
import type { RawRecord } from "../core/record.ts";
import type { SchemaRegistry } from "../registry/port.ts";

export type Decoded =
  | {
      readonly kind: "decoded";
      readonly event: EventType;
      readonly value: unknown;
      readonly schemaId: number;
    }
  /** A well-formed schema, but none of the events has its full name. */
  | { readonly kind: "unhandled"; readonly name: string; readonly schemaId: number };

/** Framed bytes in, values of known events out. */
export interface Deserializer {
  /**
   * Answers at once when the schema is known. A null value never comes here: tombstones are the consumer's.
   * @throws KeryxError `decode_failed` with `details.reason`; `registry_unreachable` and `registry_unauthorized`,
   * which say nothing about the record. Thrown or rejected, depending on when it shows.
   */
  decode(record: RawRecord): Decoded | Promise<Decoded>;
}

export interface DeserializerOptions {
  readonly registry: SchemaRegistry;
  readonly events: readonly EventType[];
  /** Reads Protobuf without message indexes, as some clients write it: never guessed. Default false. */
  readonly protobufWithoutIndexes?: boolean;
  /** Reads message indexes as unsigned varints, as old .NET and Python clients wrote them. Default false. */
  readonly unsignedIndexes?: boolean;
}

export function createDeserializer(_options: DeserializerOptions): Deserializer {
  throw new Error("not there yet");
}
