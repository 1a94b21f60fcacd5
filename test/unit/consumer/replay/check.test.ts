import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import type { ReplayOptions } from "../../../../src/core/replay.ts";
import { createFastClock, noteEvent } from "../../../support/consumer-harness.ts";
import { type Grave, openGrave } from "../../../support/replaying.ts";
import { unreachableRegistry } from "./registry.ts";

describe("The check of values before a replay", () => {
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
});
