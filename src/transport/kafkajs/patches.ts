import { createRequire } from "node:module";
import type { Observe } from "../../core/signals.ts";
import { kafkaErrors } from "../error-codes.ts";

/** The only release whose inner parts are known here. */
export const patchedVersion = "2.2.4";

/** What of kafkajs is changed, as an argument, so that a test can hand in a stub. */
export interface KafkajsInternals {
  readonly version: string;
  readonly errorCodes: { type: string; code: number; retriable: boolean; message: string }[];
  readonly requestQueue: { prototype: RequestQueue };
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const checkIntervalMs = 10;

/** Reads the parts out of the installed package. */
export function loadInternals(): KafkajsInternals {
  const require = createRequire(import.meta.url);
  return {
    version: (require("kafkajs/package.json") as { version: string }).version,
    errorCodes: (require("kafkajs/src/protocol/error.js") as { errorCodes: KafkajsInternals["errorCodes"] })
      .errorCodes,
    requestQueue: require("kafkajs/src/network/requestQueue/index.js") as { prototype: RequestQueue },
  };
}

/**
 * Mends two defects of kafkajs 2.2.4, process-wide and once: timers with a negative delay, of which Node 24 warns,
 * and error codes that its table lacks. Any other version is left alone, with one warning.
 */
export function patchKafkajs(internals: KafkajsInternals, observe: Observe): boolean {
  if (internals.version !== patchedVersion) {
    observe({
      kind: "config.warning",
      message: `kafkajs ${internals.version} is installed, only ${patchedVersion} is known: it runs without our corrections`,
    });
    return false;
  }
  const known = new Set(internals.errorCodes.map(({ code }) => code));
  for (const { kafkaCode, name, retriable } of kafkaErrors.values())
    if (!known.has(kafkaCode))
      internals.errorCodes.push({ type: name, code: kafkaCode, retriable, message: `Kafka error ${name}` });
  internals.requestQueue.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
  return true;
}

// The original computes `throttledUntil` (-1 when there is no throttle) minus now as a delay, and sets a timer even
// with nothing to wait for.
function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : checkIntervalMs,
  );
}
