import { join } from "node:path";
import { pathToFileURL } from "node:url";
import avsc from "avsc";
import { expect } from "chai";
import fc from "fast-check";
import { planFiles } from "../../../codegen/emit/emit.ts";
import { printFiles } from "../../../codegen/emit/output.ts";
import { fingerprintOf } from "../../../codegen/model/lock.ts";
import type { EventModel } from "../../../codegen/model/model.ts";
import { avroPath } from "../../../codegen/model/names.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { EventType } from "../../../src/core/event.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { encodingText } from "../../../src/schema/avro-encoding-text.ts";
import type { AvroNamedType, AvroRecord } from "../../../src/schema/avro-model.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";
import { anyType, type Case, type Json } from "../../support/avro-resolution-cases.ts";
import { writeFiles } from "../../support/generated-code.ts";
import { mutate } from "../../support/mutations.ts";
import { randomFrom } from "../../support/protobuf-values.ts";
import { tortureEvent } from "../../support/torture.ts";

const bigLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
});

const pairs = 150;

interface Pair {
  readonly one: Case;
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

function pairOf(one: Case, at: number): Pair {
  const name = `Root${at}`;
  const writer = recordOf(rootOf(name, one.writer)).record;
  const { record: reader, types } = recordOf(rootOf(name, one.reader));
  const schema = rootOf(name, one.writer);
  const released = [{ schema, references: [], fingerprint: fingerprintOf(schema) }];
  return { one, writer, reader, types, event: { ...tortureEvent(reader, "t", "f"), released } };
}

describe("generated decoders of earlier Avro writers", function () {
  this.timeout(120_000);
  const made = fc.sample(anyType(3), { numRuns: pairs, seed: 7 }).map(pairOf);
  const codecs = new Map<Pair, EventType["codec"]>();
  let clean = (): void => undefined;

  before(async () => {
    const at = { file: "test.avsc", line: 1, column: 1 };
    const types = new Map(made.flatMap((pair) => pair.types).map((type) => [type.name, type]));
    const model = {
      events: made.map(({ event }) => event),
      topics: [],
      avroTypes: [...types.values()].map((type) => ({ type, at })),
    };
    const plans = planFiles(model, "ts").filter(({ path }) => path !== "index.ts");
    const { folder, remove } = writeFiles(await printFiles(plans));
    clean = remove;
    for (const pair of made) {
      const module: Record<string, unknown> = await import(
        pathToFileURL(join(folder, avroPath(pair.reader))).href
      );
      codecs.set(pair, (module[pair.reader.simpleName] as EventType).codec);
    }
  });
  after(() => clean());

  it("give the interpreter's values, and refuse what it refuses", () => {
    let earlier = 0;
    for (const [pair, codec] of codecs) {
      const { one, writer, reader } = pair;
      const type = avsc.Type.forSchema(JSON.parse(rootOf("Root", one.writer)), {
        wrapUnions: true,
        registry: { long: bigLong },
      });
      const bytes = type.toBuffer({ f: one.value });
      const at = JSON.stringify([one.writer, one.reader]);
      const isSame = encodingText(writer) === encodingText(reader);
      const generated = codec.earlier?.(fingerprintOf(encodingText(writer)));
      expect(generated === undefined, at).equals(isSame);
      if (generated === undefined) continue;
      earlier += 1;
      const interpret = createResolver(writer, reader);
      expect(generated(bytes), at).deep.equals(interpret(bytes));
      const random = randomFrom(earlier);
      for (let count = 0; count < 200; count += 1) {
        const mutated = mutate(random, bytes);
        expect(
          answerOf(() => generated(mutated)),
          at,
        ).deep.equals(answerOf(() => interpret(mutated)));
      }
    }
    expect(earlier).greaterThan(pairs / 4);
  });
});

/** A value, or the reason why there is none. */
function answerOf(work: () => unknown): unknown {
  try {
    return { value: work() };
  } catch (error) {
    expect(error).instanceOf(KeryxError);
    return { reason: (error as KeryxError).details["reason"] };
  }
}
