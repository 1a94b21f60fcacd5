import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import { createFastClock, noteEvent } from "../../../support/consumer-harness.ts";
import { type Grave, openGrave } from "../../../support/replaying.ts";
import { unreachableRegistry } from "./registry.ts";

describe("A replay that was interrupted", () => {
  const clock = createFastClock(10);
  const replayId = "0b8f6c1e-5f0a-4d7c-9a51-3a9f7f0c2e11";
  const group = `billing-replay-${replayId}`;
  let grave: Grave;

  beforeEach(() => {
    grave = openGrave(clock, unreachableRegistry, []);
    for (let i = 0; i < 350; i++) grave.bury(`${i}`, { partition: i % 2 });
  });

  const times = (): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const value of grave.sent()) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };

  /** From the n-th send on nothing reaches the brokers, commits included: as after a kill. */
  const dieAt = (sends: number): void => {
    let count = 0;
    const dead = (): unknown => (count >= sends ? new KeryxError("broker_unreachable", "killed") : undefined);
    grave.kafka.faults.send = (batch) => {
      count += batch.length;
      return dead();
    };
    grave.kafka.faults.commit = dead;
  };
  const revive = (): void => {
    grave.kafka.faults.send = undefined;
    grave.kafka.faults.commit = undefined;
  };

  for (const sends of [1, 99, 150, 180, 349])
    it(`goes on with the same id, each record once or twice, after a kill at send ${sends}`, async () => {
      dieAt(sends);
      const error = await grave.replay({ replayId, maxPerSecond: 2_000 }).catch(KeryxError.from);
      expect((error as KeryxError).code).to.equal("broker_unreachable");
      revive();
      const result = await grave.replay({ replayId, maxPerSecond: 2_000 });
      expect(result.resumed).to.equal(true);
      const counts = times();
      expect(counts.size).to.equal(350);
      expect(Math.max(...counts.values())).to.be.at.most(2);
      const repeated = [...counts.values()].filter((count) => count === 2).length;
      expect(repeated).to.be.at.most(100);
    });

  it("moves its position only behind what the brokers have acknowledged", async () => {
    grave.kafka.faults.send = (batch) =>
      batch.some(({ value }) => new TextDecoder().decode(value ?? undefined) === "160")
        ? new KeryxError("kafka_unavailable", "no leader")
        : undefined;
    const error = await grave.replay({ replayId, maxPerSecond: 20_000 }).catch(KeryxError.from);
    expect((error as KeryxError).code).to.equal("kafka_unavailable");
    // "160" is record 80 of partition 0.
    expect(Number(grave.kafka.committed(group, "notes-dlq", 0))).to.be.at.most(80);
    grave.kafka.faults.send = undefined;
    await grave.replay({ replayId, maxPerSecond: 20_000 });
    expect(times().size).to.equal(350);
  });

  it("stops when it is told to, remembers exactly where it stood, and repeats nothing", async () => {
    const controller = new AbortController();
    grave.kafka.faults.send = () => {
      if (grave.sent().length > 120) controller.abort(new Error("enough"));
      return undefined;
    };
    const { signal } = controller;
    const error = await grave
      .replay({ replayId, signal, maxPerSecond: 1_000 })
      .catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.equal("enough");
    const before = grave.sent().length;
    expect(before).to.be.lessThan(350);
    const left = await grave.replay({ replayId, dryRun: true });
    expect([left.resumed, left.planned]).to.deep.equal([true, 350 - before]);
    await grave.replay({ replayId });
    expect([...times().values()].every((count) => count === 1)).to.equal(true);
  });

  it("ends where it was to end at first, not behind what came later", async () => {
    dieAt(150);
    await grave.replay({ replayId }).catch(() => {});
    revive();
    grave.bury("later", { partition: 0 });
    await grave.replay({ replayId });
    expect(grave.sent()).not.to.include("later");
  });

  it("leaves out partitions that were not there when it began", async () => {
    await grave.replay({ replayId, maxPerSecond: 20_000 });
    grave.kafka.createTopic("graveyard", 1);
    grave.bury("new", { topic: "graveyard", partition: 0 });
    const events = [noteEvent("Note"), noteEvent("Other", { deadLetter: "graveyard" })];
    expect(await grave.replay({ replayId, events })).to.deep.include({ planned: 0, ranges: [] });
  });

  it("waits for a leader that does not know of its last records yet, and takes them for no gap", async () => {
    const { read } = grave.kafka.port;
    let reads = 0;
    const behind: typeof read = (from, to, each, signal) =>
      read(from, ++reads > 5 || to < 20n ? to : 20n, each, signal);
    Object.assign(grave.deps, { transport: { ...grave.kafka.port, read: behind } });
    expect((await grave.replay({ replayId, maxPerSecond: 20_000 })).sent).to.equal(350);
  });

  it("does not call a range done whose end no leader knows, and goes on when one does", async () => {
    const { read } = grave.kafka.port;
    const behind: typeof read = (from, to, each, signal) => read(from, to < 20n ? to : 20n, each, signal);
    const deps = { ...grave.deps };
    const fast = { ...clock, schedule: (_: number, run: () => void) => clock.schedule(0, run) };
    Object.assign(grave.deps, { clock: fast, transport: { ...grave.kafka.port, read: behind } });
    const error = await grave.replay({ replayId, maxPerSecond: 20_000 }).catch(KeryxError.from);
    expect((error as KeryxError).code).to.equal("kafka_unavailable");
    expect(grave.kafka.committed(group, "notes-dlq", 0)).to.equal(20n);
    Object.assign(grave.deps, deps);
    await grave.replay({ replayId, maxPerSecond: 20_000 });
    expect([...times().values()].every((count) => count === 1)).to.equal(true);
    expect(times().size).to.equal(350);
  });

  it("asks again where a read ended before the end of its range", async () => {
    const { read } = grave.kafka.port;
    const short: typeof read = (from, to, each, signal) =>
      read(from, to < from.offset + 50n ? to : from.offset + 50n, each, signal);
    Object.assign(grave.deps, { transport: { ...grave.kafka.port, read: short } });
    expect((await grave.replay({ replayId, maxPerSecond: 20_000 })).sent).to.equal(350);
  });

  it("has nothing left to do once it is through", async () => {
    expect((await grave.replay({ replayId, maxPerSecond: 20_000 })).sent).to.equal(350);
    expect(await grave.replay({ replayId })).to.deep.include({ planned: 0, sent: 0, resumed: true });
    expect(grave.sent()).to.have.length(350);
  });

  it("does not go on with other options, nor in a group that is no replay's", async () => {
    await grave.replay({ replayId, maxPerSecond: 20_000 });
    const other = await grave.replay({ replayId, event: "note" }).catch(KeryxError.from);
    expect((other as KeryxError).code).to.equal("usage");
    const foreign = crypto.randomUUID();
    grave.kafka.setCommitted(`billing-replay-${foreign}`, "notes-dlq", 0, 1n);
    const error = await grave.replay({ replayId: foreign }).catch(KeryxError.from);
    expect((error as KeryxError).code).to.equal("usage");
  });
});
