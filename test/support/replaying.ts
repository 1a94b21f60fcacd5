// Dead letters on a Kafka in memory, and replays of them.
import type { ReplayDeps } from "../../src/consumer/replay/replay.ts";
import { replay } from "../../src/consumer/replay/replay.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { EventType } from "../../src/core/event.ts";
import type { RawRecord } from "../../src/core/record.ts";
import type { ReplayOptions, ReplayResult } from "../../src/core/replay.ts";
import type { Signal } from "../../src/core/signals.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import { createSerializer } from "../../src/serde/serializer.ts";
import { header } from "./consumer-harness.ts";
import type { MemoryKafka } from "./memory-kafka.ts";
import { createMemoryKafka } from "./memory-kafka.ts";

export interface Grave {
  readonly kafka: MemoryKafka;
  readonly signals: Signal[];
  readonly deps: ReplayDeps;
  /** Appends a dead letter of `billing` on `notes`. */
  bury(value: string, more?: Burial): bigint;
  replay(options?: Partial<ReplayOptions>): Promise<ReplayResult>;
  sent(topic?: string): readonly string[];
}

export interface Burial {
  readonly headers?: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly partition?: number;
  readonly key?: string;
  readonly timestampMs?: number;
}

/** `notes` with its dead-letter topic and first retry topic, of two partitions each. */
export function openGrave(clock: Clock, registry: SchemaRegistry, events: readonly EventType[]): Grave {
  const kafka = createMemoryKafka(clock.now);
  const signals: Signal[] = [];
  for (const topic of ["notes", "notes-dlq", "notes-retry-1"]) kafka.createTopic(topic, 2);
  const deps: ReplayDeps = {
    transport: kafka.port,
    registry,
    serializer: createSerializer({ registry, autoRegister: true, observe: () => {} }),
    observe: (signal) => void signals.push(signal),
    clock,
    events,
    naming: "topic",
    createTopics: false,
  };
  return {
    kafka,
    signals,
    deps,
    bury(value, { headers = {}, topic = "notes-dlq", partition = 1, key = "k", timestampMs } = {}) {
      const all = {
        "keryx-group": "billing",
        "keryx-side": "consumer",
        "keryx-original-topic": "notes",
        "keryx-original-partition": String(partition),
        "keryx-original-offset": "41",
        "keryx-attempt-count": "4",
        "keryx-failure-reason": "broken",
        "keryx-failure-class": "transient",
        "keryx-event": "note",
        "keryx-first-attempt": "1",
        ...headers,
      };
      const list = Object.entries(all).map(([name, text]) => header(name, text));
      return kafka.append(topic, partition, {
        key,
        value,
        headers: [header("tenant", "a"), ...list, header("tenant", "b")],
        ...(timestampMs === undefined ? {} : { timestampMs }),
      });
    },
    replay: (options) => replay(deps, { topic: "notes", group: "billing", dryRun: false, ...options }),
    sent: (topic = "notes-retry-1") => kafka.records(topic).map(toText),
  };
}

export function toText({ value }: Pick<RawRecord, "value">): string {
  return new TextDecoder().decode(value ?? undefined);
}
