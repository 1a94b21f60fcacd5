import { join } from "node:path";
import { pathToFileURL } from "node:url";
import avsc from "avsc";
import fc from "fast-check";
import { planFiles } from "../../codegen/emit/emit.ts";
import { printFiles } from "../../codegen/emit/output.ts";
import { fingerprintOf } from "../../codegen/model/lock.ts";
import type { EventModel } from "../../codegen/model/model.ts";
import { avroPath } from "../../codegen/model/names.ts";
import type { EventType } from "../../src/core/event.ts";
import { encodingText } from "../../src/schema/avro/encoding-text.ts";
import type { AvroNamedType, AvroRecord } from "../../src/schema/avro/model.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import { markSomeLongs } from "./avro-cases.ts";
import { anyType, type Case, type Json } from "./avro-resolution-cases.ts";
import { bigLong } from "./avsc.ts";
import { writeFiles } from "./generated-code.ts";
import { tortureEvent } from "./torture.ts";

/** Two versions of a schema, with code that was generated for the newer one when the older was released. */
export interface EarlierPair {
  readonly writer: AvroRecord;
  readonly reader: AvroRecord;
  readonly texts: { readonly writer: string; readonly reader: string };
  /** What the older version wrote. */
  readonly bytes: Uint8Array;
  /** Where the code is, and what it exports the event as. */
  readonly module: string;
  readonly name: string;
  /** Hash that the decoder of the older version is found by. */
  readonly encoding: string;
  /** Undefined where both versions encode alike. */
  readonly decode: ((payload: Uint8Array) => unknown) | undefined;
}

interface Versions {
  readonly one: Case;
  readonly texts: EarlierPair["texts"];
  readonly writer: AvroRecord;
  readonly reader: AvroRecord;
  readonly types: readonly AvroNamedType[];
  readonly event: EventModel;
}

const rootOf = (name: string, field: Json): string =>
  JSON.stringify({ type: "record", name, fields: [{ name: "f", type: field }] });

function recordOf(text: string): { readonly record: AvroRecord; readonly types: readonly AvroNamedType[] } {
  const { type, named } = parseAvro(text);
  if (type.kind !== "record") throw new Error("the schema is not a record");
  return { record: type, types: [...named.values()] };
}

function versionsOf(one: Case, at: number): Versions {
  const name = `Root${at}`;
  const texts = { writer: rootOf(name, one.writer), reader: rootOf(name, one.reader) };
  const { record: reader, types } = recordOf(texts.reader);
  markSomeLongs(types);
  const released = [{ schema: texts.writer, references: [], fingerprint: fingerprintOf(texts.writer) }];
  const event = { ...tortureEvent(reader, "t", "f"), released };
  return { one, texts, writer: recordOf(texts.writer).record, reader, types, event };
}

function bytesOf({ one }: Versions): Uint8Array {
  const type = avsc.Type.forSchema(JSON.parse(rootOf("Root", one.writer)), {
    wrapUnions: true,
    registry: { long: bigLong },
  });
  return type.toBuffer({ f: one.value });
}

/** Generates code for pairs of versions, the same ones for the same seed. */
export async function generateEarlier(
  numRuns: number,
  seed: number,
): Promise<{ readonly pairs: readonly EarlierPair[]; remove(): void }> {
  const made = fc.sample(anyType(3), { numRuns, seed }).map(versionsOf);
  const at = { file: "test.avsc", line: 1, column: 1 };
  const types = new Map(made.flatMap((one) => one.types).map((type) => [type.name, type]));
  const plans = planFiles(
    {
      events: made.map(({ event }) => event),
      topics: [],
      avroTypes: [...types.values()].map((type) => ({ type, at })),
    },
    "ts",
  ).filter(({ path }) => path !== "index.ts");
  const { folder, remove } = writeFiles(printFiles(plans));
  const pairs: EarlierPair[] = [];
  for (const versions of made) {
    const { reader, writer, texts } = versions;
    const module = pathToFileURL(join(folder, avroPath(reader))).href;
    const { codec } = ((await import(module)) as Record<string, EventType>)[reader.simpleName] as EventType;
    const encoding = fingerprintOf(encodingText(writer));
    pairs.push({
      ...{ writer, reader, texts, module, encoding },
      bytes: bytesOf(versions),
      name: reader.simpleName,
      decode: codec.earlier?.(encoding),
    });
  }
  return { pairs, remove };
}
