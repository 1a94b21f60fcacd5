import { expect } from "chai";
import { decodeError, KeryxError } from "../../../src/core/errors.ts";
import type { Header, RawRecord } from "../../../src/core/record.ts";
import { deadLetterContentType, viewDeadLetter } from "../../../src/serde/dead-letter-view.ts";
import type { Deserializer } from "../../../src/serde/deserializer.ts";
import { header, noteEvent } from "../../support/consumer-harness.ts";

const plain = noteEvent("Note");
const secret = noteEvent("Secret", { sensitive: ["text"] });

const headers: readonly Header[] = [
  header("traceparent", "00-x"),
  header("keryx-group", "billing"),
  header("keryx-side", "consumer"),
  header("keryx-original-topic", "notes"),
  header("keryx-original-partition", "3"),
  header("keryx-original-offset", "41"),
  header("keryx-attempt-count", "4"),
  header("keryx-first-attempt", "1767225600000"),
  header("keryx-last-attempt", "1767225671420"),
  header("keryx-failure-class", "transient"),
  header("keryx-failure-code", "E_DECLINED"),
  header("keryx-failure-reason", "card declined"),
  header("keryx-event", "note"),
  header("keryx-schema-subject", "notes-value"),
];

const letter = (more: Partial<RawRecord> = {}): RawRecord => ({
  topic: "notes-dlq",
  partition: 3,
  offset: 7n,
  timestampMs: 0,
  key: Buffer.from("o-1"),
  value: Buffer.from("bytes"),
  headers,
  ...more,
});

const reading = (answer: ReturnType<Deserializer["decode"]> | (() => never)): Deserializer => ({
  decode: () => (typeof answer === "function" ? answer() : answer),
});
const view = (record: RawRecord, answer: Parameters<typeof reading>[0], raw = false) =>
  viewDeadLetter(record, { events: [plain, secret], deserializer: reading(answer), raw });
const decoded = (event: typeof plain) =>
  ({ kind: "decoded", event, value: { text: "hello", total: 1n }, schemaId: 17 }) as const;

describe("The JSON view of a dead letter", () => {
  it("tells the event, why and where it failed, where it lies, and the record itself", async () => {
    expect(JSON.parse(JSON.stringify(await view(letter(), decoded(plain))))).to.deep.equal({
      event: { text: "hello", total: "1" },
      topic: "notes",
      failure_reason: "card declined",
      attempt_count: 4,
      first_attempt: "2026-01-01T00:00:00.000Z",
      last_attempt: "2026-01-01T00:01:11.420Z",
      event_type: "note",
      failure_class: "transient",
      failure_code: "E_DECLINED",
      group: "billing",
      side: "consumer",
      partition: 3,
      offset: "41",
      dlq: { topic: "notes-dlq", partition: 3, offset: "7" },
      key_base64: "by0x",
      value_base64: "Ynl0ZXM=",
      headers: headers.map(([name, value]) => [name, Buffer.from(value ?? []).toString("base64")]),
      schema: { id: 17, subject: "notes-value" },
    });
  });

  it("masks sensitive fields, and holds back the bytes that show them unless they are asked for", async () => {
    const masked = await view(letter(), decoded(secret));
    expect([masked.event, masked.value_base64]).to.deep.equal([{ text: "[redacted]", total: "1" }, null]);
    const raw = await view(letter(), decoded(secret), true);
    expect([raw.event, raw.value_base64]).to.deep.equal([{ text: "hello", total: "1" }, "Ynl0ZXM="]);
  });

  it("shows only the bytes of what cannot be decoded, and none where the event has sensitive fields", async () => {
    const broken = (): never => {
      throw decodeError("malformed", "x");
    };
    const shown = await view(letter(), broken);
    expect([shown.event, shown.value_base64]).to.deep.equal([null, "Ynl0ZXM="]);
    const hidden = await view(letter({ headers: [...headers, header("keryx-event", "secret")] }), broken);
    expect([hidden.event, hidden.value_base64]).to.deep.equal([null, null]);
    const unknown = await view(letter(), { kind: "unhandled", name: "Other", schemaId: 9 });
    expect([unknown.event, unknown.schema.id]).to.deep.equal([null, 9]);
  });

  it("takes the view that a producer wrote in place of a value that it could not encode", async () => {
    const written = [
      header("content-type", deadLetterContentType),
      header("keryx-side", "producer"),
      header("keryx-original-topic", "notes"),
    ];
    const value = Buffer.from(JSON.stringify({ event: { text: "too long" }, topic: "notes" }));
    const shown = await view(letter({ headers: written, value }), decoded(plain));
    expect([shown.event, shown.side, shown.partition, shown.offset]).to.deep.equal([
      { text: "too long" },
      "producer",
      null,
      null,
    ]);
    for (const text of ["{", "null", '"event"'])
      expect(
        (await view(letter({ headers: written, value: Buffer.from(text) }), decoded(plain))).event,
      ).to.equal(null);
  });

  it("knows what is not there: tombstones, keys, times, headers with null", async () => {
    const shown = await view(letter({ key: null, value: null, headers: [["gone", null]] }), decoded(plain));
    expect([
      shown.event,
      shown.value_base64,
      shown.key_base64,
      shown.first_attempt,
      shown.topic,
    ]).to.deep.equal([null, null, null, null, "notes-dlq"]);
    expect(shown.headers).to.deep.equal([["gone", null]]);
    const far = await view(
      letter({ headers: [header("keryx-first-attempt", "9007199254740991")] }),
      decoded(plain),
    );
    expect(far.first_attempt).to.equal(null);
  });

  it("fails where the registry cannot be asked, which says nothing about the record", async () => {
    const error = await view(letter(), () => {
      throw new KeryxError("registry_unreachable", "x");
    }).catch(KeryxError.from);
    expect(error).to.include({ code: "registry_unreachable" });
  });
});
