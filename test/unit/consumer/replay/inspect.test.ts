import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import type { EventType } from "../../../../src/core/event.ts";
import type { RawRecord } from "../../../../src/core/record.ts";
import type { ReplayOptions } from "../../../../src/core/replay.ts";
import { createFastClock, type Note, noteEvent, textOf } from "../../../support/consumer-harness.ts";
import { type Grave, openGrave } from "../../../support/replaying.ts";
import { unreachableRegistry } from "./registry.ts";

describe("A replay that looks at values", () => {
  const clock = createFastClock(10);
  const events = [noteEvent("Note")];
  let grave: Grave;

  beforeEach(() => {
    grave = openGrave(clock, unreachableRegistry, []);
  });

  const codeOf = async (options: Partial<ReplayOptions>): Promise<string> => {
    const error = await grave.replay({ checkValues: true, ...options }).catch(KeryxError.from);
    return error instanceof KeryxError ? error.code : "none";
  };

  it("holds back what the current schema cannot read, says why for each, and lets tombstones through", async () => {
    grave.bury("not framed");
    grave.kafka.append("notes-dlq", 1, {
      value: null,
      headers: grave.kafka.records("notes-dlq")[0]?.headers ?? [],
    });
    const dry = await grave.replay({ checkValues: true, events, dryRun: true });
    expect(dry).to.deep.include({ planned: 2, rejected: 1, sent: 0 });
    expect(await grave.replay({ checkValues: true, events })).to.deep.include({
      planned: 2,
      rejected: 1,
      sent: 1,
    });
    expect(grave.kafka.records("notes-retry-1").map(({ value }) => value)).to.deep.equal([null]);
    const reasons = grave.signals.flatMap((signal) =>
      signal.kind === "replay.record" && signal.outcome === "rejected" ? [signal.from, signal.reason] : [],
    );
    expect(reasons).to.deep.equal(["notes-dlq/1/0", "not-framed", "notes-dlq/1/0", "not-framed"]);
  });

  it("ends the run when the registry does not answer, because that says nothing about the record", async () => {
    grave.bury("\u0000\u0000\u0000\u0000\u0007x");
    const replayId = crypto.randomUUID();
    expect(await codeOf({ events, replayId })).to.equal("registry_unreachable");
    expect(grave.kafka.committed(`billing-replay-${replayId}`, "notes-dlq", 1)).to.equal(0n);
  });

  it("needs to know the topic's events", async () => {
    expect(await codeOf({})).to.equal("usage");
    expect(await codeOf({ events: [noteEvent("Note", { topic: "other" })] })).to.equal("usage");
  });

  describe("and mends them", () => {
    const Json: EventType<Note> = {
      ...noteEvent("Json"),
      serialization: "JSON",
      json: {
        encode: ({ text }) => {
          if (text === "unwritable") throw new KeryxError("encode_failed", "text: no");
          return Buffer.from(JSON.stringify({ text }));
        },
        decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
      },
    };
    const edit: ReplayOptions["edit"] = (value, { from }) => {
      const { text } = value as Note;
      if (text === "fine") return undefined;
      return { text: text === "worse" ? "unwritable" : `${text} mended at ${from}` };
    };
    const bury = (text: string): bigint =>
      grave.bury(JSON.stringify({ text }), {
        headers: { "content-type": "text/json", "event-type": Json.type, "keryx-schema-id": "7" },
      });

    it("replaces what the edit gives another value for, marks it, and says so", async () => {
      for (const text of ["fine", "broken", "worse"]) bury(text);
      const result = await grave.replay({ events: [Json], edit });
      expect(result).to.deep.include({ planned: 3, sent: 2, edited: 1, rejected: 1 });
      expect(grave.sent()).to.deep.equal(['{"text":"fine"}', '{"text":"broken mended at notes-dlq/1/1"}']);
      const [left, mended] = grave.kafka.records("notes-retry-1");
      const names = ["keryx-replay-edited", "content-type", "keryx-schema-id", "tenant"];
      const shown = (record: RawRecord | undefined): unknown[] => names.map((name) => textOf(record, name));
      expect(shown(left)).to.deep.equal([undefined, "text/json", "7", "b"]);
      expect(shown(mended)).to.deep.equal(["1", "application/json", undefined, "b"]);
      const told = grave.signals.flatMap((signal) =>
        signal.kind === "replay.record" ? [[signal.outcome, signal.edited, signal.reason]] : [],
      );
      expect(told).to.deep.include.members([
        ["sent", false, undefined],
        ["sent", true, undefined],
        ["rejected", false, "encode_failed"],
      ]);
    });

    it("registers no schema in a dry run, which only finds out whether the value can be written", async () => {
      const asked: string[] = [];
      const schema = new Uint8Array([0, 0, 0, 0, 7]);
      const Framed = {
        ...Json,
        codec: {
          ...Json.codec,
          encode: ({ text }: Note) => {
            if (text === "unwritable") throw new KeryxError("encode_failed", "text: no");
            return schema;
          },
        },
      };
      Object.assign(grave.deps, {
        serializer: {
          prepare: async ([event]: readonly EventType[]) => void asked.push(event?.name ?? ""),
          serialize: () => schema,
        },
      });
      for (const text of ["broken", "worse"]) bury(text);
      const options = { events: [Framed], edit };
      expect(await grave.replay({ ...options, dryRun: true })).to.deep.include({ edited: 1, rejected: 1 });
      expect(asked).to.deep.equal([]);
      await grave.replay({ ...options, toOffsets: { 1: 1n } });
      expect(asked).to.deep.equal(["Json"]);
    });

    it("ends the run where the edit itself fails, and holds back what is no value of the event at all", async () => {
      bury("broken");
      const failing: ReplayOptions["edit"] = () => {
        throw new TypeError("x is not a function");
      };
      const error = await grave.replay({ events: [Json], edit: failing }).catch(KeryxError.from);
      expect((error as KeryxError).message).to.contain("The edit of notes-dlq/1/0 failed");
      expect((error as KeryxError).cause).to.be.instanceOf(TypeError);
      expect(await grave.replay({ events: [Json], edit: () => null })).to.deep.include({
        sent: 0,
        rejected: 1,
      });
    });

    it("sends nothing in a dry run, and tells what it would", async () => {
      bury("broken");
      expect(await grave.replay({ events: [Json], edit, dryRun: true })).to.deep.include({
        planned: 1,
        edited: 1,
        sent: 0,
      });
      expect(grave.sent()).to.deep.equal([]);
    });
  });
});
