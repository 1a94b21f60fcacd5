import type { Work } from "../../src/consumer/assignment/partition.ts";
import { createReader } from "../../src/consumer/assignment/reader.ts";
import { createFlow } from "../../src/consumer/flow.ts";
import type { Lanes } from "../../src/consumer/lanes.ts";
import { decodeOffsetMap } from "../../src/consumer/offset-map.ts";
import { createEndings } from "../../src/consumer/steps/endings.ts";
import { openPass } from "../../src/consumer/steps/pass.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { createRandom } from "../../src/core/random.ts";
import type { RawRecord } from "../../src/core/record.ts";
import type { PortBatch, PortConsumer, PortOffset, RebalanceHandlers } from "../../src/transport/port.ts";
import { queueRecords } from "../../src/transport/records.ts";
import { chooseSeed } from "../support/effects/random.ts";
import { settle } from "../support/manual-clock.ts";

// Assignment, admission, completion and commits as they are, between a client and handlers that do what dice say.
const runs = Number(process.env["KERYX_TEST_INTERLEAVINGS"] ?? 30_000);
const firstSeed = chooseSeed();
const topic = "t";
const steps = 26;

describe(`The commits of a consumer, over ${runs.toLocaleString("en")} interleavings`, () => {
  it("never pass what is done, never move back, never overlap, forget nothing, and tell exactly what is done above them", async function () {
    this.timeout(runs * 100);
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      try {
        await interleave(seed);
      } catch (error) {
        throw new Error(`seed ${seed} (KERYX_TEST_SEED=${seed} KERYX_TEST_INTERLEAVINGS=1)`, {
          cause: error,
        });
      }
    }
  });
});

interface Log {
  readonly records: RawRecord[];
  next: bigint;
  /** Of the client. */
  position: bigint;
  committed: bigint;
  metadata: string;
  isInFlight: boolean;
  lastCommit: bigint;
  /** Done as this assignment may know: committed before it, or completed under it. */
  done: Set<bigint>;
  /** Handed to handlers in any assignment and completed while that one lasted. */
  readonly handled: Set<bigint>;
}

interface Request {
  readonly offsets: readonly PortOffset[];
  readonly epoch: number;
  resolve(): void;
  reject(error: unknown): void;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

async function interleave(seed: number): Promise<void> {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const world = createWorld(1 + (seed % 2), seed % 4 === 3 ? 0 : 4_096);
  world.assign();
  for (let step = 0; step < steps; step++) {
    const die = below(100);
    if (die < 22) world.append(below(world.logs.length), 1 + below(8), below(4) === 0 ? below(40) : 0);
    else if (die < 32) world.fetch(1 + below(8));
    else if (die < 56) for (let i = 1 + below(5); i > 0; i--) world.complete(below(world.works.length));
    else if (die < 74) await world.pass(below(2_500));
    else if (die < 92)
      await world.answer((["ok", "ok", "ok", "failed", "unheard", "too-large"] as const)[below(6)] ?? "ok");
    else if (die < 95) world.lose();
    else await world.revoke(below);
    world.verify();
  }
  await world.quiesce();
  world.verify();
  await world.drain();
  world.verify();
}

function createWorld(count: number, offsetMapMaxBytes: number) {
  const logs = Array.from({ length: count }, createLog);
  const works: Work[] = [];
  const requests: Request[] = [];
  const paused = new Set<number>();
  let timers: Timer[] = [];
  let now = 0;
  let epoch = 0;
  let isFenced = false;
  // Until the client refuses one as too long.
  let keepsMaps = offsetMapMaxBytes > 0;
  // What is thrown at a commit is taken for a failure of it.
  let violation: unknown;
  let handle: (batch: PortBatch) => void = () => {};
  let handlers: RebalanceHandlers;
  const logOf = (partition: number): Log => logs[partition] as Log;

  const clock = {
    now: () => now,
    schedule(delayMs: number, run: () => void) {
      const timer = { atMs: now + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  const port: PortConsumer = {
    async start(_, given, rebalance) {
      handle = given as typeof handle;
      handlers = rebalance;
    },
    commit(offsets, ofEpoch) {
      try {
        check(offsets, ofEpoch);
      } catch (error) {
        violation ??= error;
      }
      return new Promise((resolve, reject) => {
        requests.push({ offsets, epoch: ofEpoch, resolve, reject });
      });
    },
    pause: (list) => {
      for (const { partition } of list) paused.add(partition);
    },
    resume: (list) => {
      for (const { partition } of list) paused.delete(partition);
    },
    seek() {},
    assignment: () => [],
    async close() {},
  };

  // What every request must hold to, seen at the door of the client.
  const check = (offsets: readonly PortOffset[], ofEpoch: number): void => {
    must(ofEpoch === epoch, () => "a commit of an epoch that is over");
    must(!isFenced, () => "a commit after the epoch was lost");
    for (const { partition, offset, metadata = "" } of offsets) {
      const log = logOf(partition);
      must(!log.isInFlight, () => "a second commit under way");
      log.isInFlight = true;
      must(offset >= log.lastCommit, () => `${offset} after ${log.lastCommit}`);
      log.lastCommit = offset;
      const known = coveredBy(log, offset, metadata);
      for (const record of log.records)
        if (known(record.offset)) must(log.done.has(record.offset), () => `${record.offset} is not done`);
        else if (keepsMaps && record.offset < log.position)
          must(!log.done.has(record.offset), () => `${record.offset} is done, and left out`);
    }
  };

  const lanes: Lanes = {
    enqueue(work) {
      const { partition, record } = work;
      must(!logOf(partition.partition).done.has(record.offset), () => `${record.offset} runs again`);
      partition.queue.queued++;
      works.push(work);
    },
    requeue() {},
    probe() {},
    wake() {},
    follow: () => undefined,
    endRun() {},
  };
  const observe = Object.assign(() => {}, { hearsRoutine: false });
  const common = { clock, observe, group: "g" };
  const endings = createEndings({ ...common, dedupe: undefined, holds: undefined as never });
  const flow = createFlow({
    ...common,
    lanes,
    onPassedOver(work, why) {
      must(logOf(work.partition.partition).done.has(work.offset), () => `${work.offset} is passed over`);
      endings.complete(openPass(work, now), why);
      flow.finished(work);
    },
  });
  const reader = createReader({
    ...common,
    port,
    flow,
    holds: { drop() {} } as never,
    dedupe: undefined,
    places: new Map([[topic, { route: { longestDelayMs: 0, order: "key" } as never, stage: 0 }]]),
    offsetMapMaxBytes,
    drainTimeoutMs: 1_000,
    closeTimeoutMs: 1_000,
    commitTimeoutMs: 3_000,
    sessionTimeoutMs: 30_000,
  });
  void reader.start();

  const fetch = (most: number): void => {
    for (const [partition, log] of logs.entries()) {
      if (isFenced || paused.has(partition)) continue;
      const left = log.records.filter(({ offset }) => offset >= log.position);
      if (left.length === 0 && log.position === log.next) continue;
      const records = left.slice(0, most);
      const nextOffset = records.length < left.length ? (records.at(-1)?.offset ?? 0n) + 1n : log.next;
      log.position = nextOffset;
      handle({
        topic,
        partition,
        epoch,
        records: queueRecords(records),
        nextOffset,
        highWatermark: log.next,
        resolve() {},
      });
    }
  };
  const answer = async (how: "ok" | "failed" | "unheard" | "too-large"): Promise<void> => {
    const request = requests.shift();
    if (!request) return;
    const isRefused = how === "too-large" && request.offsets.some(({ metadata = "" }) => metadata !== "");
    for (const { partition, offset, metadata = "" } of request.offsets) {
      const log = logOf(partition);
      if (request.epoch !== epoch || isFenced) continue;
      log.isInFlight = false;
      if (how === "failed" || isRefused) continue;
      log.committed = offset;
      log.metadata = metadata;
    }
    if (request.epoch !== epoch || isFenced) request.reject(new KeryxError("fenced", "it is over"));
    else if (isRefused) {
      keepsMaps = false;
      request.reject(new KeryxError("kafka_error", "too long", { details: { kafkaCode: 12 } }));
    } else if (how === "ok" || how === "too-large") request.resolve();
    else request.reject(new KeryxError("kafka_unavailable", "not now"));
    await settle();
  };
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    const due = timers.filter(({ atMs }) => atMs <= now);
    timers = timers.filter(({ atMs }) => atMs > now);
    for (const { run } of due) run();
    if (due.length > 0) await settle();
  };
  const assign = (): void => {
    epoch++;
    isFenced = false;
    keepsMaps = offsetMapMaxBytes > 0;
    paused.clear();
    const assigned = logs.map((log, partition) => {
      Object.assign(log, { position: log.committed, lastCommit: -1n, isInFlight: false });
      const known = coveredBy(log, log.committed, offsetMapMaxBytes > 0 ? log.metadata : "");
      log.done = new Set(log.records.flatMap(({ offset }) => (known(offset) ? offset : [])));
      return { topic, partition, epoch, offset: log.committed, metadata: log.metadata };
    });
    void handlers.assigned(assigned);
  };
  const complete = (index: number): void => {
    const [work] = works.splice(index, 1);
    if (!work) return;
    const { partition, offset } = work;
    const isCurrent = partition.epoch === epoch && partition.phase !== "closed" && !isFenced;
    if (isCurrent)
      for (const set of [logOf(partition.partition).done, logOf(partition.partition).handled])
        set.add(offset);
    if (partition.phase === "open") partition.queue.queued--;
    endings.complete(openPass(work, now), { kind: "done" });
    flow.finished(work);
    flow.settled(partition);
  };
  const named = (): { topic: string; partition: number; epoch: number }[] =>
    logs.map((_, partition) => ({ topic, partition, epoch }));

  return {
    logs,
    works,
    append(partition: number, many: number, gap: number) {
      const log = logOf(partition);
      for (let i = 0; i < many; i++) {
        const offset = log.next + BigInt(gap);
        log.records.push({ topic, partition, offset, timestampMs: 0, key: null, value: null, headers: [] });
        log.next = offset + 1n;
      }
      fetch(many);
    },
    fetch,
    complete,
    answer,
    pass,
    assign,
    verify() {
      if (violation) throw violation;
    },
    lose() {
      handlers.lost(named());
      isFenced = true;
      assign();
    },
    async revoke(below: (limit: number) => number) {
      let isOver = false;
      const revoking = handlers.revoked(named()).then(() => {
        isOver = true;
      });
      await settle();
      for (let turn = 0; !isOver; turn++) {
        await answer(below(4) === 0 ? "failed" : "ok");
        if (requests.length === 0) await pass(250);
        if (turn > 100) throw new Error("the revoke does not end");
      }
      await revoking;
      assign();
    },
    /** Nothing more is completed and every commit succeeds: nothing that was done may be forgotten. */
    async quiesce() {
      for (let turn = 0; turn < 12 && (requests.length > 0 || timers.length > 0); turn++) {
        while (requests.length > 0) await answer("ok");
        await pass(6_000);
      }
      for (const log of logs) {
        const known = coveredBy(log, log.committed, log.metadata);
        for (const offset of keepsMaps ? log.done : [])
          must(known(offset), () => `${offset} is done, and no commit tells of it`);
      }
    },
    /** Everything is completed, every commit succeeds: nothing may be missing. */
    async drain() {
      for (let turn = 0; ; turn++) {
        fetch(Number.POSITIVE_INFINITY);
        while (works.length > 0) complete(0);
        while (requests.length > 0) await answer("ok");
        if (logs.every((log) => log.committed === log.next && log.metadata === "")) break;
        await pass(6_000);
        if (turn > 20) throw new Error(`committed ${logs.map((log) => `${log.committed} of ${log.next}`)}`);
      }
      for (const log of logs)
        for (const { offset } of log.records) must(log.handled.has(offset), () => `${offset} was handled`);
    },
  };
}

function createLog(): Log {
  const state = { position: 0n, committed: 0n, metadata: "", isInFlight: false, lastCommit: -1n };
  return { records: [], next: 0n, done: new Set(), handled: new Set(), ...state };
}

/** Which offsets a commit keeps from being handled again. */
function coveredBy(log: Log, committed: bigint, metadata: string): (offset: bigint) => boolean {
  const read = decodeOffsetMap(metadata, committed);
  must(read.kind !== "fault", () => `metadata of ${log.next}`);
  const done = new Set<bigint>();
  let at = committed;
  for (const [index, run] of (read.kind === "map" ? read.map.runs : []).entries())
    for (const end = at + BigInt(run); at < end; at++) if (index % 2 === 1) done.add(at);
  return (offset) => offset < committed || done.has(offset);
}

// Not an assertion of chai: those would take most of the time.
function must(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(`violated: ${what()}`);
}
