import type { Clock } from "../../core/clock.ts";

/** Whether the group can still count on a member, by what the member itself knows. */
export interface Session {
  /** The group answered a heartbeat. */
  beat(): void;
  /** The group gave partitions. */
  begin(): void;
  /**
   * False when the last answer is older than the session: a process that was frozen, or whose event loop stood still,
   * does not know whether its partitions are another's by now, until it has heard.
   */
  isSure(): boolean;
}

export function createSession(clock: Clock, sessionTimeoutMs: number): Session {
  // Unknown before the first: a client that tells of no heartbeats is believed.
  let beatMs: number | undefined;
  return {
    beat() {
      beatMs = clock.now();
    },
    begin() {
      if (beatMs !== undefined) beatMs = clock.now();
    },
    isSure: () => beatMs === undefined || clock.now() - beatMs < sessionTimeoutMs,
  };
}
