import { expect } from "chai";
import type { SendOptions } from "../../../src/core/app.ts";
import { headerText } from "../../../src/core/headers.ts";
import { buildEnvelope, buildTombstone, toRecord } from "../../../src/producer/envelope.ts";
import { createMessageId } from "../../../src/producer/message-id.ts";
import { createFreeEvent, createOrderEvent } from "./memory-kafka.ts";

const placed = createOrderEvent();
const value = { key: "k", id: "id-1", at: 1_700_000_000_000 };
const build = (options: SendOptions = {}, event = placed, given: object = value) =>
  buildEnvelope(event, given, options, undefined, 1_800_000_000_000);

describe("an envelope", () => {
  it("carries identity, type and times as headers", () => {
    const { headers, key, messageId, timestampMs } = build();
    expect(headers.map(([name, bytes]) => [name, Buffer.from(bytes ?? []).toString()])).to.deep.equal([
      ["message-id", "id-1"],
      ["correlation-id", "id-1"],
      ["event-type", "order.placed"],
      ["produced-at", "1800000000000"],
      ["event-time", "1700000000000"],
    ]);
    expect({ key, messageId, timestampMs }).to.deep.equal({
      key: "k",
      messageId: "id-1",
      timestampMs: 1_800_000_000_000,
    });
  });

  it("keeps the time of sending as the record's timestamp unless told otherwise", () => {
    expect(build().timestampMs).to.equal(1_800_000_000_000);
    expect(build({ timestampMs: 5 }).timestampMs).to.equal(5);
  });

  it("refuses a timestamp that is no epoch time", () => {
    for (const timestampMs of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => build({ timestampMs })).to.throw("[usage]");
  });

  it("refuses an empty key and an empty id", () => {
    expect(() => build({}, placed, { key: "", id: "i" })).to.throw(/^\[missing_key\] orders.v1.order.placed/);
    expect(() => build({}, placed, { key: "k", id: "" })).to.throw(/^\[missing_id\]/);
    expect(() => buildTombstone("orders", "", {}, undefined, 0)).to.throw(/^\[missing_key\]/);
  });

  it("leaves out what the schema does not declare", () => {
    const free = build({}, createFreeEvent());
    expect(free.key).to.equal(undefined);
    expect(headerText(free.headers, "event-time")).to.equal(undefined);
    const { record } = toRecord("orders", free, new Uint8Array(3));
    expect(record.key).to.equal(null);
  });

  it("takes given ids before inherited ones", () => {
    const context = {
      messageId: "m",
      correlationId: "c",
      causationId: undefined,
      topic: "t",
      partition: 0,
      offset: 0n,
      group: "g",
      event: undefined,
      attempt: 1,
    };
    const given = buildEnvelope(placed, value, { correlationId: "mine", causationId: "why" }, context, 0);
    expect(headerText(given.headers, "correlation-id")).to.equal("mine");
    expect(headerText(given.headers, "causation-id")).to.equal("why");
  });

  it("adds user headers after its own, bytes untouched", () => {
    const bytes = new Uint8Array([0, 255, 13, 10]);
    const { headers } = build({ headers: { tenant: "blå", raw: bytes } });
    expect(headerText(headers, "tenant")).to.equal("blå");
    expect(headers.at(-1)).to.deep.equal(["raw", bytes]);
  });

  it("refuses reserved, own and malformed user headers", () => {
    for (const name of ["keryx-stage", "Keryx-Anything", "message-id", "Correlation-Id", "event-time", ""])
      expect(() => build({ headers: { [name]: "x" } }), name).to.throw("[header_invalid]");
    const wrong = { n: 5 } as unknown as Record<string, string>;
    expect(() => build({ headers: wrong })).to.throw("[header_invalid]");
  });
});

describe("a generated message id", () => {
  it("is a UUIDv7 of the given millisecond, unique and in order of time", () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => createMessageId(1_800_000_000_000 + i));
    for (const id of ids)
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt((ids[7] ?? "").replaceAll("-", "").slice(0, 12), 16)).to.equal(1_800_000_000_007);
    expect(ids.toSorted()).to.deep.equal(ids);
    expect(new Set(ids).size).to.equal(1_000);
    expect(new Set(Array.from({ length: 1_000 }, () => createMessageId(0))).size).to.equal(1_000);
  });
});
