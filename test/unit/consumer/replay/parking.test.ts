import { expect } from "chai";
import { maxReplays } from "../../../../src/consumer/retry-policy.ts";
import { KeryxError } from "../../../../src/core/errors.ts";
import type { Harness } from "../../../support/consumer-harness.ts";
import {
  createFastClock,
  noteEvent,
  startHarness,
  textOf,
  until,
} from "../../../support/consumer-harness.ts";
import { type Grave, openGrave } from "../../../support/replaying.ts";
import { unreachableRegistry } from "./registry.ts";

describe("A dead letter that replays do not help", () => {
  const clock = createFastClock(50);
  const Note = noteEvent("Note", { delaysMs: [1] });
  let grave: Grave;
  let harness: Harness | undefined;
  let isMended = false;
  const handled: string[] = [];

  beforeEach(async () => {
    isMended = false;
    handled.length = 0;
    grave = openGrave(clock, unreachableRegistry, [Note]);
    const fail = ({ text }: { text: string }): void => {
      if (!isMended) throw new Error("still broken");
      handled.push(text);
    };
    harness = await startHarness({ kafka: grave.kafka, clock, on: [[Note, fail]] });
  });

  afterEach(() => harness?.close());

  const replayNewest = async (createTopics = true): Promise<void> => {
    const deadLetters = grave.kafka.records("notes-dlq", 1).length;
    await grave.replay({ fromOffsets: { 1: BigInt(deadLetters) - 1n }, createTopics });
  };
  const buried = (topic: string): number => grave.kafka.records(topic).length;

  it("is parked when the third fails, and no longer replayed unless that is asked for", async () => {
    grave.bury("Note|a");
    for (let run = 1; run < maxReplays; run++) {
      await replayNewest();
      await until("it is dead again", () => buried("notes-dlq") === run + 1);
      expect(textOf(grave.kafka.records("notes-dlq").at(-1), "keryx-replay-count")).to.equal(String(run));
    }
    await replayNewest();
    await until("it is parked", () => buried("notes-dlq-parked") === 1);
    expect(buried("notes-dlq")).to.equal(maxReplays);
    const [parked] = grave.kafka.records("notes-dlq-parked");
    expect([textOf(parked, "keryx-replay-count"), textOf(parked, "keryx-stage")]).to.deep.equal(["3", "dlq"]);
    const next = harness?.signals.flatMap((signal) =>
      signal.kind === "record.handled" ? (signal.next ?? []) : [],
    );
    expect(next?.at(-1)?.topic).to.equal("notes-dlq-parked");

    isMended = true;
    const from = { fromOffsets: { 1: BigInt(maxReplays) } };
    expect((await grave.replay(from)).planned).to.equal(0);
    expect((await grave.replay({ parked: true })).sent).to.equal(1);
    await until("it is handled", () => handled.length === 1);
  });

  it("needs a parked topic before its last replay, which is made like the dead-letter topic or asked for", async () => {
    grave.bury("Note|a", { headers: { "keryx-replay-count": "2" } });
    const error = await replayNewest(false).catch(KeryxError.from);
    expect([
      (error as KeryxError).code,
      (error as KeryxError).message.includes("notes-dlq-parked"),
    ]).to.deep.equal(["topic_missing", true]);
    expect(buried("notes-retry-1")).to.equal(0);
    await replayNewest();
    const [parked] = await grave.kafka.port.admin().describeTopics(["notes-dlq-parked"]);
    expect(parked?.partitions).to.equal(2);
  });

  it("stays a plain dead letter where nobody made a parked topic, and stands in nobody's way", async () => {
    const headers = { "keryx-replay-count": "3", "keryx-due-at": "1" };
    grave.bury("Note|a", { topic: "notes-retry-1", headers });
    await until("it is dead", () => buried("notes-dlq") === 1);
    expect(textOf(grave.kafka.records("notes-dlq")[0], "keryx-replay-count")).to.equal("3");
    await until("it is committed", () => grave.kafka.committed("billing-retry", "notes-retry-1", 1) === 1n);
  });
});
