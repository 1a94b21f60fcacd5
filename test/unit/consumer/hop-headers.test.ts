import { expect } from "chai";
import fc from "fast-check";
import { toSmaller } from "../../../src/consumer/dead-letter.ts";
import { readHistory } from "../../../src/consumer/hand-over/history.ts";
import type { HandOver } from "../../../src/consumer/hand-over/hop-headers.ts";
import {
  cutText,
  hopHeaderNames,
  restoreNulls,
  toHopHeaders,
} from "../../../src/consumer/hand-over/hop-headers.ts";
import { resolveConsumerOptions } from "../../../src/consumer/options.ts";
import { buildPlan } from "../../../src/consumer/plan/plan.ts";
import { toHandedOver } from "../../../src/consumer/retry-topics.ts";
import { nameFailure } from "../../../src/consumer/steps/classify.ts";
import { headerNames, headerText } from "../../../src/core/headers.ts";
import type { Header, RawRecord } from "../../../src/core/record.ts";
import { header, noteEvent } from "../../support/consumer-harness.ts";

const event = noteEvent("Note", { delaysMs: [1_000] });
const plan = buildPlan("notes", event.policy, resolveConsumerOptions({ group: "g" }));

const record = (headers: readonly Header[], more: Partial<RawRecord> = {}): RawRecord => ({
  topic: "notes",
  partition: 3,
  offset: 41n,
  timestampMs: 1_000,
  key: new Uint8Array([1]),
  value: new Uint8Array([2]),
  headers,
  ...more,
});

const handOver = (given: RawRecord, stage: number, more: Partial<HandOver> = {}): HandOver => ({
  record: given,
  history: readHistory(given, stage),
  failure: nameFailure("transient", "E", "why"),
  attempt: 1,
  group: "g",
  plan,
  stage: "retry-1",
  dueAtMs: 5_000,
  nowMs: 4_000,
  event,
  eventType: event.type,
  schemaId: 7,
  ...more,
});

const userHeader = fc.tuple(
  fc.string({ maxLength: 12 }).filter((name) => !hopHeaderNames.has(name)),
  fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null }),
) as unknown as fc.Arbitrary<Header>;

describe("Hop headers", () => {
  it("leave the user's headers as they were through any number of hops, nulls included", () => {
    fc.assert(
      fc.property(fc.array(userHeader, { maxLength: 20 }), fc.integer({ min: 1, max: 10 }), (user, hops) => {
        // A name that is null once and empty another time cannot be told apart: a client can only write both empty.
        const nulls = new Set(user.filter(([, value]) => value === null).map(([name]) => name));
        const headers = user.filter(([name, value]) => !(value?.length === 0 && nulls.has(name)));
        let current = record(headers);
        for (let hop = 0; hop < hops; hop++)
          current = record(toHopHeaders(handOver(current, Math.min(hop, 1))), { topic: "notes-retry-1" });
        const back = restoreNulls(current.headers).filter(([name]) => !hopHeaderNames.has(name));
        expect(back).to.deep.equal(headers);
      }),
    );
  });

  it("stand once each and stay within 8 KiB after ten hops, whatever the error says", () => {
    const loud = "é".repeat(100_000);
    let current = record([header("x", "1")]);
    for (let hop = 0; hop < 10; hop++)
      current = record(
        toHopHeaders(
          handOver(current, Math.min(hop, 1), {
            failure: nameFailure("transient", loud, loud),
            eventType: loud,
          }),
        ),
      );
    const own = current.headers.filter(([name]) => hopHeaderNames.has(name));
    expect(new Set(own.map(([name]) => name)).size).to.equal(own.length);
    const size = own.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 0);
    expect(size).to.be.below(8_192);
  });

  it("keep the origin of the first hop, and count attempts from it", () => {
    const first = record(toHopHeaders(handOver(record([]), 0)), {
      topic: "notes-retry-1",
      partition: 0,
      offset: 9n,
    });
    const history = readHistory(first, 1);
    expect(history.origin).to.deep.equal({ topic: "notes", partition: 3, offset: 41n });
    expect([history.originTimestampMs, history.attempts, history.firstAttemptMs]).to.deep.equal([
      1_000, 1, 4_000,
    ]);
  });

  it("are read with suspicion: malformed, huge and repeated values", () => {
    const hostile = record(
      [
        header(headerNames.originalTopic, "notes"),
        header(headerNames.originalPartition, "-1"),
        header(headerNames.originalOffset, "1e3"),
        header(headerNames.attemptCount, "007"),
        header(headerNames.originalTimestamp, "9".repeat(10_000)),
        header(headerNames.originalTimestampType, "constructor"),
        header(headerNames.nullHeaders, "{not json"),
      ],
      { topic: "notes-retry-2" },
    );
    const history = readHistory(hostile, 2);
    expect(history.origin).to.deep.include({ topic: "notes-retry-2", partition: 3, offset: 41n });
    expect([history.attempts, history.originTimestampMs, history.originTimestampType]).to.deep.equal([
      2,
      1_000,
      undefined,
    ]);
    const twice = record([header(headerNames.attemptCount, "9"), header(headerNames.attemptCount, "3")]);
    expect(readHistory(twice, 1).attempts).to.equal(3);
    for (const list of ["7", "null", '[1,{"a":2}]', `["${"x".repeat(9_000)}"]`])
      expect(restoreNulls([header("a", ""), header(headerNames.nullHeaders, list)])[0]).to.deep.equal(
        header("a", ""),
      );
  });

  it("cut text to bytes and never inside a code point", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.nat(50), (text, maxBytes) => {
        const cut = cutText(text, maxBytes);
        expect(Buffer.byteLength(cut)).to.be.at.most(maxBytes);
        expect(Buffer.from(text).toString().startsWith(cut)).to.equal(true);
      }),
    );
    expect(cutText("aé", 2)).to.equal("a");
    expect(cutText("😀", 3)).to.equal("");
  });
});

describe("A record on its way to another topic", () => {
  it("keeps key, value and partition, also null and empty ones, and takes the time of now", () => {
    for (const bytes of [null, new Uint8Array(0), new Uint8Array([0, 255])]) {
      const given = record([], { key: bytes, value: bytes });
      const out = toHandedOver("notes-retry-1", handOver(given, 0), new Map([["notes-retry-1", 4]]));
      expect([out.key, out.value, out.partition, out.timestampMs]).to.deep.equal([
        bytes,
        bytes,
        3,
        undefined,
      ]);
    }
    const narrow = toHandedOver("notes-retry-1", handOver(record([]), 0), new Map([["notes-retry-1", 3]]));
    expect(narrow).not.to.have.property("partition");
  });

  it("can lose its reason to become smaller, and nothing else", () => {
    const out = toHandedOver("t", handOver(record([header("x", "1")]), 0), new Map());
    const smaller = toSmaller(out);
    expect(headerText(smaller?.headers ?? [], headerNames.failureReason)).to.equal(undefined);
    expect(smaller?.headers.length).to.equal(out.headers.length - 1);
    expect(smaller && toSmaller(smaller)).to.equal(undefined);
  });
});
