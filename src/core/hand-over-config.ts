/** What a topic is for that failed records go to. */
export type HandOverRole =
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "deadLetter" };

/** What the source topic says about its records; undefined where it is not known. */
export interface SourceLimits {
  readonly maxMessageBytes: number | undefined;
  readonly minInSync: number | undefined;
}

const dayMs = 86_400_000;

/** Room for the headers that a hand-over adds. */
export const headerRoomBytes = 16_384;

/** Settings of a retry or dead-letter topic with which it keeps what the plan promises. */
export function toHandOverConfig(
  role: HandOverRole,
  { maxMessageBytes, minInSync }: SourceLimits,
): Readonly<Record<string, string>> {
  const retentionMs = role.kind === "retry" ? Math.max(7 * dayMs, 4 * role.delayMs) : 30 * dayMs;
  return {
    "cleanup.policy": "delete",
    "retention.ms": String(retentionMs),
    "retention.bytes": "-1",
    ...(maxMessageBytes === undefined
      ? {}
      : { "max.message.bytes": String(maxMessageBytes + headerRoomBytes) }),
    ...(minInSync === undefined ? {} : { "min.insync.replicas": String(minInSync) }),
  };
}
