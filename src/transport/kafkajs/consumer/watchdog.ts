import type { Clock } from "../../../core/clock.ts";
import type { PortConsumerOptions } from "../../port.ts";

const maxCheckMs = 5_000;
const repeatWindowMs = 5 * 60_000;
const joinSlackMs = 10_000;

/**
 * Notices a kafkajs consumer that neither works nor fails: for longer than the session lasts no heartbeat got through, or
 * no fetch came back, an empty one included.
 */
export interface Watchdog {
  started(): void;
  joined(): void;
  rejoining(): void;
  heartbeat(): void;
  fetched(): void;
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
  const checkMs = Math.min(maxCheckMs, sessionTimeoutMs / 4);
  // A join waits for the slowest other member, and before it for our own revoke.
  const joinPatienceMs = 2 * rebalanceTimeoutMs + sessionTimeoutMs + joinSlackMs;
  let heartbeatMs = 0;
  let fetchMs = 0;
  let lastStallMs: number | undefined;
  let cancel = (): void => {};

  const lastSignMs = (): number => Math.min(heartbeatMs, fetchMs);

  function watch(patienceMs: number): void {
    let isWatching = true;
    cancel();
    heartbeatMs = clock.now();
    fetchMs = heartbeatMs;
    let cancelTimer = clock.schedule(checkMs, () => void check());
    cancel = () => {
      isWatching = false;
      cancelTimer();
    };

    async function check(): Promise<void> {
      const seenMs = lastSignMs();
      const isLate = clock.now() - seenMs > patienceMs && (await isReachable());
      if (!isWatching) return;
      if (!isLate || lastSignMs() !== seenMs) {
        cancelTimer = clock.schedule(checkMs, () => void check());
        return;
      }
      const now = clock.now();
      const isRepeated = lastStallMs !== undefined && now - lastStallMs < repeatWindowMs;
      lastStallMs = now;
      cancel();
      onStall(now - seenMs, isRepeated);
    }
  }

  return {
    started: () => watch(joinPatienceMs),
    joined: () => watch(sessionTimeoutMs),
    rejoining: () => watch(joinPatienceMs),
    heartbeat: () => {
      heartbeatMs = clock.now();
    },
    fetched: () => {
      fetchMs = clock.now();
    },
    stopped: () => cancel(),
  };
}
