import { type DestinationStream, destination as openDestination, pino, stdTimeFunctions } from "pino";
import type { ContextStore, DeliveryContext } from "../core/context.ts";
import type { LogFields, Logger } from "../core/logger.ts";
import type { Redactor } from "../core/redact.ts";
import type { Observe, PauseCause, Signal } from "../core/signals.ts";
import { toSafeFields } from "./log-fields.ts";

export interface LoggingOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** Gets one line at a time, its newline included. Default: standard error. */
  readonly destination?: { write(line: string): void } | undefined;
  /** Hears of each line that is lost. */
  readonly onDropped?: (() => void) | undefined;
  readonly redactor: Redactor;
  readonly context: ContextStore;
}

type Level = "debug" | "info" | "warn" | "error";

// The kinds that are not listed take their level from what they tell.
const levels: Readonly<
  Record<
    Exclude<
      Signal["kind"],
      "record.handled" | "partition.paused" | "partition.resumed" | "health.changed" | "log.dropped"
    >,
    Level
  >
> = {
  "app.started": "info",
  "app.closed": "info",
  "config.warning": "warn",
  "schema.registered": "info",
  "schema.level_differs": "warn",
  "registry.request_failed": "warn",
  "registry.recovered": "info",
  "schema.cache": "debug",
  "topic.created": "info",
  "record.sent": "debug",
  "record.produced": "debug",
  "record.send_failed": "error",
  "batch.sent": "debug",
  "record.received": "debug",
  "record.decode_failed": "debug",
  "partition.assigned": "info",
  "partition.revoked": "info",
  "partition.stopped": "error",
  "offsets.committed": "debug",
  "offsets.commit_failed": "warn",
  "offsets.dropped": "debug",
  "offsets.reset": "warn",
  "offsets.map_dropped": "warn",
  "dedupe.bypassed": "warn",
  "handler.overdue": "warn",
  "handler.settled": "info",
  "consumer.joined": "info",
  "consumer.rebalancing": "info",
  "consumer.heartbeat": "debug",
  "partition.lag": "debug",
  "consumer.stalled": "warn",
  "consumer.crashed": "error",
  "connection.failed": "warn",
  "connection.restored": "info",
  "health.listening": "info",
  "replay.started": "info",
  "replay.record": "info",
  "internal.error": "error",
};

const outcomeLevels: Readonly<Record<Extract<Signal, { kind: "record.handled" }>["outcome"], Level>> = {
  processed: "debug",
  skipped: "debug",
  deduped: "debug",
  held: "debug",
  abandoned: "info",
  retried: "warn",
  discarded: "warn",
  dead_lettered: "warn",
  stopped: "error",
};

// A full buffer or a retry that is not due yet is everyday work; a registry that does not answer is not.
const everydayCauses: ReadonlySet<PauseCause> = new Set(["buffer", "window", "delay"]);

function levelOf(signal: Exclude<Signal, { readonly kind: "log.dropped" }>): Level {
  if (signal.kind === "record.handled") return outcomeLevels[signal.outcome];
  if (signal.kind === "partition.paused") return everydayCauses.has(signal.cause) ? "debug" : "warn";
  if (signal.kind === "partition.resumed") return everydayCauses.has(signal.cause) ? "debug" : "info";
  if (signal.kind === "health.changed") return signal.live && signal.ready ? "info" : "warn";
  return levels[signal.kind];
}

/** JSON lines about everything that the runtime says of itself, and a logger for handlers. */
export function createLogging(options: LoggingOptions): {
  readonly logger: Logger;
  readonly observe: Observe;
} {
  const { context, redactor, onDropped = () => {} } = options;
  const out = pino(
    {
      level: options.level,
      base: null,
      messageKey: "message",
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    toSingleLines(options.destination ?? openStandardError(onDropped), onDropped),
  );

  function write(level: Level, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (!out.isLevelEnabled(level)) return;
    const delivery = context.current();
    const all = delivery ? { ...toDeliveryFields(delivery), ...fields } : fields;
    out[level](toSafeFields(all, redactor), redactor.redact(message));
  }

  const observe = (signal: Signal): void => {
    // The line that says so would be lost, too.
    if (signal.kind === "log.dropped") return;
    const level = levelOf(signal);
    if (out.isLevelEnabled(level)) write(level, toSentence(signal), toSignalFields(signal));
  };

  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}): void =>
      write(level, message, fields);

  return {
    logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    observe: Object.assign(observe, { hearsRoutine: out.isLevelEnabled("debug") }),
  };
}

/** The words of a signal's kind, with what it is about where that makes the line readable by itself. */
function toSentence(signal: Signal): string {
  if (signal.kind === "config.warning") return signal.message;
  if (signal.kind === "record.handled") return `record ${signal.outcome.replaceAll("_", "-")}`;
  return signal.kind.replaceAll(/[._]/g, " ");
}

function toSignalFields(signal: Signal): Record<string, unknown> {
  const { kind, ...rest } = signal;
  const fields: Record<string, unknown> = { signal: kind };
  for (const [name, value] of Object.entries(rest)) {
    if (name === "record" || name === "next") addAll(fields, value, name === "next" ? "next_" : "");
    else if (name !== "message") fields[toSnakeCase(name)] = value;
  }
  return fields;
}

function addAll(fields: Record<string, unknown>, values: unknown, prefix: string): void {
  if (typeof values !== "object" || values === null) return;
  for (const [name, value] of Object.entries(values)) fields[`${prefix}${toSnakeCase(name)}`] = value;
}

const toSnakeCase = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function toDeliveryFields(delivery: DeliveryContext): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  addAll(fields, delivery, "");
  return fields;
}

// JSON leaves these as they are, but terminals and line readers act on them: C1 controls and the Unicode line ends.
const unsafe = /[\u007f-\u009f\u2028\u2029]/g;

function toSingleLines(
  destination: { write(line: string): unknown },
  onDropped: () => void,
): DestinationStream {
  return {
    write(line) {
      const safe = line.replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
      try {
        const written = destination.write(safe);
        if (written instanceof Promise) written.catch(onDropped);
      } catch {
        // A log that cannot be written must not fail the handler that writes it.
        onDropped();
      }
    },
  };
}

/** Lines that nobody reads may hold so much memory; what comes then is lost. */
const maxWaitingBytes = 4 * 1_048_576;

// Not synchronous: whoever stops reading the log of a process would stop the process.
function openStandardError(onDropped: () => void): DestinationStream {
  const stream = openDestination({ dest: 2, sync: false, maxLength: maxWaitingBytes });
  stream.on("drop", onDropped);
  // Closed by its reader.
  stream.on("error", onDropped);
  return stream;
}
