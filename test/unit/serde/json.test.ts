import { create, fromJson, type MessageShape, toJson } from "@bufbuild/protobuf";
import { expect } from "chai";
import type { EventType } from "keryx";
import { messageJson } from "keryx/runtime/v1";
import { OrderPlaced, PaymentCaptured } from "../../../generated/index.ts";
import { OrderPlacedSchema } from "../../../generated/orders/v1/order_placed_pb.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { createJsonCodecs, createJsonDecoder } from "../../../src/serde/json.ts";
import { recordOf, textEvent } from "./events.ts";

const header = (name: string, value: string): readonly [string, Uint8Array] => [name, Buffer.from(value)];
const record = (text: string, ...headers: readonly (readonly [string, Uint8Array])[]) =>
  recordOf(new Uint8Array(Buffer.from(text)), [...headers]);

describe("which event a JSON record is", () => {
  const framed = textEvent({ name: "a.Framed", type: "framed" });
  const plain = textEvent({ name: "a.Plain", type: "plain", serialization: "JSON" });
  const other = textEvent({ name: "a.Other", type: "other", serialization: "JSON" });
  const decoder = (handled: readonly EventType[], known = handled) =>
    createJsonDecoder(handled, known) ?? expect.fail("no decoder");
  const json = header("content-type", "Application/JSON; charset=utf-8");

  it("is no question where none of the topic's events is written so", () => {
    expect(createJsonDecoder([framed], [framed])).to.equal(undefined);
  });

  it("is asked for a record that says it is JSON, or begins as no frame does", () => {
    const { accepts } = decoder([plain, framed]);
    expect(accepts(record("\u0000\u0000", json))).to.equal(true);
    expect(accepts(record("{}"))).to.equal(true);
    expect(accepts(record("{}", header("event-type", "plain")))).to.equal(true);
    expect(accepts(record("\u0000\u0000\u0000\u0000\u0001x"))).to.equal(false);
    expect(accepts(record("\u0001"))).to.equal(false);
    expect(accepts(record(""))).to.equal(false);
    expect(accepts(record("{}", header("event-type", "framed")))).to.equal(false);
    expect(accepts(record("{}", header("__value_schema_id", "\u0000\u0000\u0000\u0000\u0001")))).to.equal(
      false,
    );
  });

  it("is answered by the header, else by there being only one", () => {
    expect(decoder([plain, other]).find(record("{}", header("event-type", "other")))).to.include({
      event: other,
    });
    expect(decoder([plain]).find(record("{}"))).to.include({ event: plain });
    expect(decoder([plain, other]).find(record("{}"))).to.include({ kind: "unhandled" });
    expect(decoder([plain], [plain, framed]).find(record("{}"))).to.include({ kind: "unhandled" });
    expect(decoder([plain]).find(record("{}", header("event-type", "lost")))).to.deep.equal({
      kind: "unhandled",
      name: "lost",
    });
    // Known to the topic, and nobody handles it.
    expect(decoder([plain], [plain, other]).find(record("{}", header("event-type", "other")))).to.deep.equal({
      kind: "unhandled",
      name: "a.Other",
    });
  });
});

describe("the JSON codec of an event", () => {
  const codec = messageJson<MessageShape<typeof OrderPlacedSchema>>("orders.v1.OrderPlaced", {
    shape: OrderPlacedSchema,
    toJson: (value) => toJson(OrderPlacedSchema, value),
    fromJson: (value) => fromJson(OrderPlacedSchema, value, { ignoreUnknownFields: true }),
  });
  const refusal = (run: () => unknown): KeryxError => {
    try {
      run();
    } catch (error) {
      if (error instanceof KeryxError) return error;
    }
    return expect.fail("not refused");
  };

  it("refuses what protobuf-es would write otherwise than it was given, and quotes no value", () => {
    const event = { ...(OrderPlaced as unknown as EventType), serialization: "JSON" as const };
    const { encode } = createJsonCodecs()({ ...event, json: codec as NonNullable<EventType["json"]> });
    const half = create(OrderPlacedSchema, { note: "secret \ud800" });
    expect(refusal(() => encode(half)).details["reason"]).to.equal("invalid-text");
    const wrong = create(OrderPlacedSchema, { totalMinor: "secret" as never });
    const error = refusal(() => encode(wrong));
    expect([error.code, error.details["reason"]]).to.deep.equal(["encode_failed", "type-mismatch"]);
    expect(error.message)
      .to.match(/total_?[Mm]inor/)
      .and.not.include("secret");
  });

  it("refuses JSON that does not fit, naming the field and handing on no text that quotes it", () => {
    for (const text of [
      '{"totalMinor":"secret"}',
      '{"lines":"secret"}',
      '{"totalMinor":92233720368547758080}',
      "7",
      "[]",
    ]) {
      const error = refusal(() => codec.decode(Buffer.from(text)));
      expect([error.code, error.details["reason"], error.cause], text).to.deep.equal([
        "decode_failed",
        "type-mismatch",
        undefined,
      ]);
      expect(error.message).to.not.include("secret");
    }
  });

  it("is made once for each event, and follows from Avro's schema by itself", () => {
    const jsonOf = createJsonCodecs();
    const event = { ...(PaymentCaptured as unknown as EventType), serialization: "JSON" as const };
    expect(jsonOf(event)).to.equal(jsonOf(event));
    const { json: _, ...bare } = textEvent({ name: "a.B", format: "protobuf", serialization: "JSON" });
    expect(refusal(() => jsonOf(bare)).code).to.equal("internal");
  });
});
