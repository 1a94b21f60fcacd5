import type { Clock } from "../core/clock.ts";
import type { PortConsumerOptions } from "./port.ts";

const maxCheckMs = 5_000;
const repeatWindowMs = 5 * 60_000;
const joinSlackMs = 10_000;

/** Notices a kafkajs consumer that neither works nor fails: no heartbeat got through for longer than the session lasts. */
export interface Watchdog {
  started(): void;
  joined(): void;
  rejoining(): void;
  heartbeat(): void;
  stopped(): void;
}

export interface WatchdogDeps {
  readonly clock: Clock;
  readonly options: Pick<PortConsumerOptions, "sessionTimeoutMs" | "rebalanceTimeoutMs">;
  /** With all brokers away there is nothing to replace. */
  isReachable(): Promise<boolean>;
  /** `isRepeated`: a second time within five minutes. */
  onStall(ageMs: number, isRepeated: boolean): void;
}

export function createWatchdog({ clock, options, isReachable, onStall }: WatchdogDeps): Watchdog {
  const { sessionTimeoutMs, rebalanceTimeoutMs } = options;
  let phase: "stopped" | "joining" | "member" = "stopped";
  let lastSignMs = 0;
  let lastStallMs: number | undefined;
  let cancel = (): void => {};

  function enter(next: typeof phase): void {
    phase = next;
    lastSignMs = clock.now();
    cancel();
    if (phase !== "stopped") arm();
  }

  function arm(): void {
    cancel = clock.schedule(Math.min(maxCheckMs, sessionTimeoutMs / 4), () => void check());
  }

  async function check(): Promise<void> {
    // A join waits for the slowest other member, and before it for our own revoke.
    const patienceMs =
      phase === "joining" ? 2 * rebalanceTimeoutMs + sessionTimeoutMs + joinSlackMs : sessionTimeoutMs;
    const seenMs = lastSignMs;
    if (clock.now() - seenMs > patienceMs && (await isReachable()) && isStill(seenMs)) {
      const now = clock.now();
      const isRepeated = lastStallMs !== undefined && now - lastStallMs < repeatWindowMs;
      lastStallMs = now;
      phase = "stopped";
      return onStall(now - seenMs, isRepeated);
    }
    if (isStill(seenMs) || phase !== "stopped") arm();
  }

  function isStill(seenMs: number): boolean {
    return phase !== "stopped" && lastSignMs === seenMs;
  }

  return {
    started: () => enter("joining"),
    joined: () => enter("member"),
    rejoining: () => enter("joining"),
    heartbeat: () => {
      lastSignMs = clock.now();
    },
    stopped: () => enter("stopped"),
  };
}
