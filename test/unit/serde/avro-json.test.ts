import avsc from "avsc";
import { expect } from "chai";
import type { EventType } from "keryx";
import { PaymentCaptured, SystemAlert } from "../../../generated/index.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { createJsonCodecs } from "../../../src/serde/json.ts";
import { samples } from "../../support/samples.ts";

const codecs = createJsonCodecs();
const plain = (event: EventType): EventType => ({ ...event, serialization: "JSON" });
const avro = (event: EventType): EventType => ({ ...event, serialization: "AVRO_JSON" });
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (json: string): Uint8Array => new TextEncoder().encode(json);
const records = samples.filter(({ event }) => event.format === "avro");
const sampleOf = (name: string): (typeof records)[number] =>
  records.find(({ event }) => event.name === name) ?? expect.fail(name);
const captured = sampleOf(PaymentCaptured.name);

const reasonOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error instanceof KeryxError ? `${error.code} ${error.details["reason"]}` : error;
  }
  return "nothing was thrown";
};
/** Reads a captured payment with one member replaced by JSON text. */
const readWith = (member: string, json: string, style = plain): unknown => {
  const codec = codecs(style(captured.event));
  const whole: Record<string, unknown> = JSON.parse(
    text(codec.encode(captured.event.codec.create(captured.init))),
  );
  const marked = JSON.stringify({ ...whole, [member]: "\u0001" });
  return codec.decode(bytes(marked.replace('"\\u0001"', json)));
};

describe("Avro events as JSON", () => {
  for (const { event, init } of records)
    for (const style of [plain, avro])
      it(`keep every value of ${event.name}, as ${style(event).serialization}`, () => {
        const value = event.codec.create(init);
        const codec = codecs(style(event));
        const read = codec.decode(codec.encode(value));
        // The same value as the binary codec reads.
        expect(read).to.deep.equal(event.codec.decode(event.codec.encode(value, 0)));
      });

  for (const { event, init, independent } of records)
    it(`are written as another implementation of Avro's JSON encoding does: ${event.name}`, () => {
      const wrapUnions = event.name.startsWith("api.") ? "never" : "auto";
      const oracle = avsc.Type.forSchema(JSON.parse(event.wire.schema), { wrapUnions });
      const ours: unknown = JSON.parse(text(codecs(avro(event)).encode(event.codec.create(init))));
      expect(ours).to.deep.equal(JSON.parse(oracle.toString(independent)));
    });

  it("are readable without Keryx: days, times and decimals are text, bytes are base64, unions name their kind", () => {
    const json: Record<string, unknown> = JSON.parse(
      text(codecs(plain(captured.event)).encode(captured.event.codec.create(captured.init))),
    );
    expect(json["capturedAt"]).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(json["amount"]).to.match(/^-?\d+\.\d\d$/);
    expect(json["settlementDate"]).to.match(/^\d{4}-\d\d-\d\d$/);
    expect(json["instrument"]).to.have.all.keys("kind", "value");
  });

  it("keep integers of 64 bits exact, whichever way they are spelled", () => {
    const wide = [9_007_199_254_740_993n, -9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n];
    const spelled = `[9007199254740993, "-9223372036854775808", 9.223372036854775807e18]`;
    expect(readWith("feesMinor", spelled)).to.deep.include({ feesMinor: wide });
    expect(text(codecs(plain(captured.event)).encode(readWith("feesMinor", spelled) as object))).to.include(
      "[9007199254740993,-9223372036854775808,9223372036854775807]",
    );
  });

  it("refuse what does not fit, with the path and never the value", () => {
    const cases: readonly (readonly [string, string])[] = [
      ["feesMinor", "[9223372036854775808]"],
      ["feesMinor", "[1.5]"],
      ["feesMinor", "{}"],
      ["orderId", "12"],
      ["orderId", "null"],
      ["amount", '"1.234"'],
      ["amount", '{"unscaled": 9007199254740993, "scale": 2}'],
      ["amount", "1.5"],
      ["capturedAt", '"yesterday"'],
      ["settlementDate", '"2026-02-30"'],
      ["instrument", '{"kind":"Cash","value":{}}'],
      ["instrument", '{"kind":"constructor","value":{}}'],
      ["instrument", '{"value":{"brand":"x","lastDigits":"1"}}'],
      ["eventId", '"no uuid"'],
    ];
    for (const [member, json] of cases) {
      const run = (): unknown => readWith(member, json);
      expect(reasonOf(run), `${member} ${json}`).to.equal("decode_failed type-mismatch");
      expect(run).to.throw(KeryxError, member);
    }
    expect(reasonOf(() => readWith("orderId", '"\\ud800"'))).to.equal("decode_failed invalid-text");
    expect(reasonOf(() => codecs(plain(captured.event)).decode(bytes("{}")))).to.equal(
      "decode_failed type-mismatch",
    );
    expect(reasonOf(() => codecs(plain(captured.event)).encode({}))).to.equal("encode_failed type-mismatch");
  });

  it("refuse in Avro's own encoding what only the plain one allows, and the other way round", () => {
    for (const [member, json] of [
      ["settlementDate", '{"int":"2026-02-03"}'],
      ["settlementDate", '"2026-02-03"'],
      ["instrument", '{"payments.v1.Card":{},"payments.v1.BankAccount":{}}'],
      ["amount", '"\\u0100"'],
    ] as const)
      expect(
        reasonOf(() => readWith(member, json, avro)),
        json,
      ).to.equal("decode_failed type-mismatch");
    expect(reasonOf(() => readWith("settlementDate", "20000"))).to.equal("decode_failed type-mismatch");
  });

  it("fill in defaults, take enum symbols that came later as the default, and pass over unknown members", () => {
    const codec = codecs(plain(captured.event));
    const whole: Record<string, unknown> = JSON.parse(
      text(codec.encode(captured.event.codec.create(captured.init))),
    );
    const { settlementDate: _, feesMinor: __, ...rest } = whole;
    const read = codec.decode(bytes(JSON.stringify({ ...rest, provider: "NEWCOMER", later: { a: 1 } })));
    expect(read).to.deep.include({ settlementDate: null, feesMinor: [], provider: "UNKNOWN" });
    expect(read).to.not.have.property("later");
  });

  it("take no property from a prototype, and keep a map entry called __proto__", () => {
    const alert = sampleOf(SystemAlert.name);
    const codec = codecs(plain(alert.event));
    const whole = text(codec.encode(alert.event.codec.create(alert.init)));
    const name = Object.entries(alert.event.codec.create(alert.init) as object).find(
      ([, value]) =>
        typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date),
    )?.[0];
    const json: Record<string, unknown> = JSON.parse(whole);
    const [first] = Object.values(json[name ?? ""] as object);
    json[name ?? ""] = JSON.parse(`{"__proto__": ${JSON.stringify(first)}}`);
    const read = codec.decode(bytes(JSON.stringify(json))) as Record<string, object>;
    expect(Object.keys(read[name ?? ""] ?? {})).to.deep.equal(["__proto__"]);
    expect(Object.getPrototypeOf(read[name ?? ""])).to.equal(Object.prototype);
    expect(
      reasonOf(() => codecs(plain(captured.event)).decode(bytes('{"__proto__":{"orderId":"x"}}'))),
    ).to.equal("decode_failed type-mismatch");
  });
});
