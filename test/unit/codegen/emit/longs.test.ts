import { expect } from "chai";
import type { EventType } from "keryx";
import { fingerprintOf } from "../../../../codegen/model/lock.ts";
import { encodingText } from "../../../../src/schema/avro/encoding-text.ts";
import { parseAvro } from "../../../../src/schema/avro.ts";
import { createAvroReaders, resolveAvro } from "../../../../src/serde/avro.ts";
import { createResolver } from "../../../../src/serde/avro-resolve.ts";
import { avscOf } from "../../../support/avsc.ts";
import {
  earlier,
  forms,
  generateHeldLongs,
  type HeldLongs,
  held,
  limit,
  refusalOf,
  safe,
  schemaOf,
  valuesOf,
  wide,
  withoutMarks,
} from "../../../support/held-longs.ts";

describe("an Avro long that is marked", function () {
  this.timeout(60_000);
  let longs: HeldLongs;

  before(async () => {
    longs = await generateHeldLongs();
  });
  after(() => longs.remove());

  it("is a number or a string in the generated types, defaults and defaults of lists included", () => {
    const types = { NUMBER: "number", STRING: "string", undefined: "bigint" } as const;
    const defaults = {
      NUMBER: "-9007199254740991",
      STRING: '"-9007199254740991"',
      undefined: "-9007199254740991n",
    };
    for (const form of forms) {
      const type = types[`${form}`];
      const text = longs.text(form);
      expect(text).contains(`readonly n: ${type};`);
      expect(text).contains(`readonly byDefault: ${type};`).and.contains(`readonly byDefault?: ${type};`);
      expect(text).contains(`readonly list: readonly (${type} | null)[];`);
      const key = form === "STRING" ? "value.n" : "String(value.n)";
      expect(text).contains(`key: (value) => ${key},`);
      expect(text).contains(`? ${defaults[`${form}`]} :`);
      expect(
        longs.event(form).codec.create({ n: held(form, 1n), inner: { n: held(form, 1n) } }),
      ).deep.includes({
        byDefault: held(form, 1n - limit),
      });
    }
  });

  it("has the bytes of a bigint, which are those of avsc, and is read back exactly", () => {
    for (const form of forms)
      for (const value of valuesOf(form)) {
        const { codec, wire } = longs.event(form);
        const bytes = codec.encode(longs.value(form, value), 0);
        const theirs = { n: value, inner: { n: value }, byDefault: 1n - limit, list: [] };
        expect(Buffer.from(bytes).toString("hex")).equals(
          avscOf(wire.schema).toBuffer(theirs).toString("hex"),
        );
        expect(codec.decode(bytes)).deep.equals(longs.value(form, value));
      }
  });

  it("is refused as a number beyond ±(2^53 - 1): by its path when written, by its field when read", () => {
    const { codec } = longs.event("NUMBER");
    for (const value of wide) {
      const written = refusalOf(() =>
        codec.encode({ ...(longs.value("NUMBER", 0n) as object), inner: { n: Number(value) } } as never, 0),
      );
      expect(written).deep.includes({ code: "encode_failed", path: "l.v1.HeldNUMBER.inner.n" });
      // The records of the three forms differ in their names alone.
      const bytes = longs
        .event(undefined)
        .codec.encode({ ...(longs.value(undefined, 0n) as object), inner: { n: value } } as never, 0);
      const read = refusalOf(() => codec.decode(bytes));
      expect(read).deep.includes({
        code: "decode_failed",
        reason: "type-mismatch",
        path: "l.v1.HeldNUMBERInner.n",
      });
    }
  });

  it("is refused as text in any spelling but its own", () => {
    for (const text of ["", "-0", "01", "+1", "1.0", "1e3", "9223372036854775808", 5, 5n])
      expect(
        refusalOf(() =>
          longs
            .event("STRING")
            .codec.encode({ ...(longs.value("STRING", 0n) as object), n: text } as never, 0),
        ),
        String(text),
      ).deep.includes({ code: "encode_failed", reason: "type-mismatch", path: "l.v1.HeldSTRING.n" });
  });

  for (const form of forms)
    it(`is read from earlier writers, ints among them, by generated code as by the interpreter: ${form ?? "a bigint"}`, () => {
      const event = longs.event(form);
      const reader = createAvroReaders()(event);
      for (const [type, text, values] of [
        ["int", earlier.ints(form), [2n ** 31n - 1n, -(2n ** 31n), 0n]],
        ["long", earlier.longs(form), [...safe, ...wide]],
      ] as const) {
        const writer = parseAvro(text).type;
        const read = event.codec.earlier?.(fingerprintOf(encodingText(writer))) ?? expect.fail(text);
        const interpret = createResolver(writer, reader);
        for (const value of values) {
          const n = type === "int" ? Number(value) : value;
          // What is passed over is not judged.
          const bytes = avscOf(text).toBuffer({ n, inner: { n }, gone: 2n ** 63n - 1n });
          if (form === "NUMBER" && wide.includes(value)) {
            const refusal = refusalOf(() => read(bytes));
            expect(refusal).deep.includes({ reason: "type-mismatch", path: "l.v1.HeldNUMBER.n" });
            expect(refusalOf(() => interpret(bytes))).deep.equals(refusal);
          } else {
            expect(read(bytes)).deep.equals(longs.value(form, value));
            expect(interpret(bytes)).deep.equals(longs.value(form, value));
          }
        }
      }
    });

  it("is read from a writer that the generator did not know", () => {
    for (const form of forms) {
      const text = withoutMarks(schemaOf(form, "long", [{ name: "unknown", type: "string" }]));
      const event = longs.event(form);
      const found = resolveAvro([text], new Map([[event.name, event as EventType]]), createAvroReaders());
      if (found.kind !== "event") return expect.fail(found.name);
      const [n] = safe;
      const bytes = avscOf(text).toBuffer({ n, inner: { n }, unknown: "x" });
      expect(found.read({ bytes, room: 0 })).deep.equals(longs.value(form, limit - 1n));
    }
  });
});
