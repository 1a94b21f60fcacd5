// Decodes hostile payloads in a process of its own, whose heap is small and which makes no code from strings.
//   node --expose-gc program.ts <file of targets> <mutations of each codec> <seed>
import { readFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import * as samples from "../../../generated/index.ts";
import { type DecodeReason, KeryxError } from "../../../src/core/errors.ts";
import type { EventType } from "../../../src/core/event.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";
import { createDeserializer } from "../../../src/serde/deserializer.ts";
import { createJsonCodecs } from "../../../src/serde/json.ts";
import { createSerializer } from "../../../src/serde/serializer.ts";
import { recordOf } from "../../unit/serde/events.ts";
import { createMemoryRegistry } from "../../unit/serde/memory-registry.ts";
import { mutate } from "../mutations.ts";
import { pick, type Random, randomFrom } from "../protobuf-values.ts";
import { samples as sampleValues } from "../samples.ts";
import { crafted } from "./crafted.ts";
import type { CodecReport } from "./report.ts";
import type { Decoder, Target } from "./targets.ts";

const [file = "", count = "0", seed = "1"] = process.argv.slice(2);
const targets = JSON.parse(readFileSync(file, "utf8")) as readonly Target[];

const maxMs = 50;
const maxGrowth = (input: number): number => 10 * input + 1_048_576;
const reasons: ReadonlySet<unknown> = new Set<DecodeReason>([
  ...(["not-framed", "unknown-schema", "incompatible", "malformed"] as const),
  ...(["too-large", "too-deep", "type-mismatch", "invalid-text"] as const),
]);

interface Subject {
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Absent: what was read is not written again. */
  readonly encode?: (value: unknown) => unknown;
  readonly payloads: readonly Uint8Array[];
  /** Puts a mutated payload right where it has to be. */
  readonly trim?: (bytes: Uint8Array) => Uint8Array;
}

async function subjectOf({ decoder, payloads }: Target): Promise<Subject> {
  const bytes = payloads.map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
  if (decoder.kind === "frames") return frames();
  if (decoder.kind === "interpreter")
    return { decode: createResolver(typeOf(decoder.writer), typeOf(decoder.reader)), payloads: bytes };
  const event = await eventOf(decoder);
  const encode = (value: unknown): unknown => event.codec.encode(value, 0);
  switch (decoder.kind) {
    case "event":
      return { decode: (payload) => event.codec.decode(payload), encode, payloads: bytes };
    case "earlier": {
      const decode = event.codec.earlier?.(decoder.encoding);
      if (decode === undefined) throw new Error(`${decoder.name} has no decoder of ${decoder.encoding}`);
      return { decode, encode, payloads: bytes };
    }
    case "json": {
      const { serialization } = decoder;
      const { decode } = createJsonCodecs()({ ...event, serialization });
      return { decode, encode, payloads: bytes };
    }
  }
}

const typeOf = (schema: string): ReturnType<typeof parseAvro>["type"] => parseAvro(schema).type;

async function eventOf({ module, name }: Extract<Decoder, { module: string }>): Promise<EventType> {
  return ((await import(module)) as Record<string, EventType>)[name] as EventType;
}

/** All sample events behind one deserializer. Their ids are mixed up, but every id is one that needs no question. */
async function frames(): Promise<Subject> {
  const events = Object.values<unknown>(samples).filter(
    (one): one is EventType => typeof one === "object" && one !== null && "fingerprint" in one,
  );
  const registry = createMemoryRegistry();
  const serializer = createSerializer({ registry, autoRegister: true, observe: () => undefined });
  await serializer.prepare(events);
  for (let id = 1; id <= events.length; id += 1) registry.cached.add(id);
  const { decode } = createDeserializer({ registry, events });
  return {
    decode: (bytes) => decode(recordOf(bytes)),
    payloads: sampleValues.map(({ event, init }) => serializer.serialize(event, event.codec.create(init))),
    trim(bytes) {
      const framed = Uint8Array.from(bytes);
      const { length } = events;
      if (framed.length > 4) framed.set([0, 0, 0, 1 + (((framed[4] ?? 0) + length - 1) % length)], 1);
      // A frame of the other version names its schema by a GUID.
      if (framed[0] === 1) framed[0] = 0;
      return framed;
    },
  };
}

/** Bytes in use, outside the heap too. */
function inUse(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
}

interface Answer {
  /** Undefined: it was read. */
  readonly reason?: unknown;
  readonly value?: unknown;
  readonly tookMs: number;
  readonly grown: number;
}

function ask(decode: Subject["decode"], bytes: Uint8Array): Answer {
  const before = inUse();
  const started = performance.now();
  let answer: { readonly reason?: unknown; readonly value?: unknown };
  try {
    answer = { value: decode(bytes) };
  } catch (error) {
    const isOurs = error instanceof KeryxError && error.code === "decode_failed";
    answer = { reason: isOurs ? error.details["reason"] : `${error}` };
  }
  return { ...answer, tookMs: performance.now() - started, grown: inUse() - before };
}

/** A pause of the machine is not a hang, nor is code that is compiled growth: what is wrong is so every time. */
function askAgain(decode: Subject["decode"], bytes: Uint8Array, first: Answer): Answer {
  const isBad = first.tookMs > maxMs || first.grown > maxGrowth(bytes.length);
  const answers = Array.from({ length: isBad ? 4 : 1 }, () => {
    if (isBad) globalThis.gc?.();
    return ask(decode, bytes);
  });
  const least = (of: (answer: Answer) => number): number => Math.min(of(first), ...answers.map(of));
  return { tookMs: least(({ tookMs }) => tookMs), grown: least(({ grown }) => grown) };
}

/** Less is not looked at twice. */
const unremarkable = { ms: 5, growth: 65_536 };

interface Tally {
  inputs: number;
  values: number;
  readonly refused: Record<string, number>;
  slowestMs: number;
  /** Growth beyond ten times the input. */
  grownBytes: number;
  readonly problems: string[];
}

function judge(tally: Tally, shape: string, subject: Subject, bytes: Uint8Array): void {
  const first = ask(subject.decode, bytes);
  const isUsual = first.tookMs <= unremarkable.ms && first.grown <= unremarkable.growth;
  const { tookMs, grown } = isUsual ? first : askAgain(subject.decode, bytes, first);
  const complain = (what: string): void => {
    if (tally.problems.length < 10)
      tally.problems.push(`${shape}: ${what} on ${Buffer.from(bytes.subarray(0, 2_000)).toString("hex")}`);
  };
  if (tookMs > maxMs) complain(`${tookMs} ms`);
  if (grown > maxGrowth(bytes.length)) complain(`${grown} bytes`);
  tally.inputs += 1;
  tally.slowestMs = Math.max(tally.slowestMs, tookMs);
  tally.grownBytes = Math.max(tally.grownBytes, grown - 10 * bytes.length);
  if (first.reason === undefined) {
    tally.values += 1;
    try {
      subject.encode?.(first.value);
    } catch (error) {
      if (!(error instanceof KeryxError) || !reasons.has(error.details["reason"])) complain(`${error}`);
    }
  } else if (reasons.has(first.reason)) {
    const reason = String(first.reason);
    tally.refused[reason] = (tally.refused[reason] ?? 0) + 1;
  } else complain(String(first.reason));
}

function mutateShape(tally: Tally, target: Target, subject: Subject, times: number, random: Random): void {
  for (const bytes of crafted) judge(tally, target.shape, subject, bytes);
  for (let index = 0; index < times; index += 1) {
    const bytes = mutate(random, pick(random, subject.payloads), pick(random, subject.payloads));
    judge(tally, target.shape, subject, subject.trim?.(bytes) ?? bytes);
  }
}

for (const [codec, own] of Map.groupBy(targets, (target) => target.codec)) {
  const tally: Tally = { inputs: 0, values: 0, refused: {}, slowestMs: 0, grownBytes: 0, problems: [] };
  const random = randomFrom(Number(seed));
  for (const target of own)
    mutateShape(tally, target, await subjectOf(target), Math.ceil(Number(count) / own.length), random);
  console.log(JSON.stringify({ codec, shapes: own.length, ...tally } satisfies CodecReport));
}
