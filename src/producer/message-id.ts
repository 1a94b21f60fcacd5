import { randomUUID } from "node:crypto";

/**
 * A UUIDv7 (RFC 9562): 48 bits of epoch milliseconds, then random bits, so that ids sort by time.
 * Made from a random UUIDv4, whose variant and 74 other bits stay as they are; `crypto.randomUUIDv7` is not in Node 22.
 */
export function createMessageId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
