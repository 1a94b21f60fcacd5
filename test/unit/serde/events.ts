import { createHash } from "node:crypto";
import type { EventType, WireReference } from "../../../src/core/event.ts";
import type { RawRecord } from "../../../src/core/record.ts";

/** An event whose payload is its text: enough for whoever only frames and finds events. */
export function textEvent(
  options: Partial<EventType> & {
    readonly name: string;
    readonly schema?: string;
    readonly references?: readonly WireReference[];
  },
): EventType {
  const schema = options.schema ?? JSON.stringify({ type: "record", name: options.name, fields: [] });
  return {
    type: options.name,
    topic: "things",
    subject: `things-${options.name}`,
    format: "avro",
    fingerprint: createHash("sha256").update(schema).digest("hex"),
    index: [],
    wire: { schema, references: options.references ?? [] },
    codec: {
      create: (init) => init,
      encode(value, room) {
        const payload = Buffer.from(String(value));
        return new Uint8Array(Buffer.concat([Buffer.alloc(room), payload]));
      },
      decode: (payload) => `${options.name}:${Buffer.from(payload)}`,
    },
    policy: { retry: { delaysMs: [] }, deadLetter: "dlq", compatibility: "BACKWARD", ordered: false },
    sensitive: [],
    ...options,
  };
}

export function recordOf(value: Uint8Array | string, headers: RawRecord["headers"] = []): RawRecord {
  return {
    topic: "things",
    partition: 3,
    offset: 1042n,
    timestampMs: 0,
    key: null,
    value: typeof value === "string" ? new Uint8Array(Buffer.from(value.replaceAll(" ", ""), "hex")) : value,
    headers,
  };
}
