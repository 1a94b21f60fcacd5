import { expect } from "chai";
import fc from "fast-check";
import { restoreSnapshot, takeSnapshot } from "../../../src/embedded/broker/snapshot.ts";
import { batchOf } from "../../support/embedded-batch.ts";
import { createHandlers, type Handlers } from "../../support/embedded-handlers.ts";
import { type FetchedBytes, readCommitted } from "../../support/embedded-reader.ts";
import { dig } from "../../support/embedded-wire.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

/** `KERYX_HISTORIES=10000` runs more than fits into every run of the tests. */
const interleavings = Number(process.env["KERYX_HISTORIES"] ?? 1_500);
const timeoutMs = 1_000;
let serial = 0;

interface Transaction {
  state: "open" | "committed" | "aborted";
  readonly producer: Producer;
  endsAtMs: number;
  /** Of transactions that end at the same time the one whose time began first ends first. */
  begunAs: number;
  firstOffset: number | undefined;
  markerOffset: number;
}

interface Producer {
  readonly transactionalId: string;
  producerId: number;
  producerEpoch: number;
  sequence: number;
  /** What the coordinator knows; another epoch than the producer's own after a timeout. */
  trueEpoch: number;
  open: Transaction | undefined;
}

/** The oracle: what was written, by which transaction, and how that ended. */
interface Model {
  readonly producers: readonly Producer[];
  readonly written: {
    readonly offset: number;
    readonly value: string;
    readonly transaction: Transaction | undefined;
  }[];
  readonly transactions: Transaction[];
  end: number;
  stable: number;
  position: number;
  readonly got: string[];
}

interface Real extends Handlers {
  readonly clock: ManualClock;
  readonly order: "first-offset" | "completion";
}

const claimOf = ({ transactionalId, producerId, producerEpoch }: Producer) => ({
  transactionalId,
  producerId,
  producerEpoch,
});
const codeOf = (answer: unknown, list: string): number =>
  dig(answer, list, 0, "partitions", 0, "errorCode") as number;

function finish(model: Model, transaction: Transaction, state: "committed" | "aborted"): void {
  transaction.state = state;
  transaction.markerOffset = model.end++;
  transaction.producer.open = undefined;
}

function stableOffset({ transactions, end }: Model): number {
  const open = transactions.filter(({ state }) => state === "open");
  return Math.min(end, ...open.map(({ firstOffset }) => firstOffset ?? end));
}

function send(model: Model, { ask, clock }: Real, producer: Producer, values: readonly string[]): void {
  const isFenced = producer.producerEpoch !== producer.trueEpoch;
  const added = ask("AddPartitionsToTxn", { ...claimOf(producer), topics: [{ name: "t", partitions: [0] }] });
  expect(codeOf(added, "topics")).to.equal(isFenced ? 47 : 0);
  if (!isFenced && producer.open === undefined) {
    const endsAtMs = clock.now() + timeoutMs;
    producer.open = {
      ...{ state: "open", producer, endsAtMs, begunAs: serial++, firstOffset: undefined, markerOffset: -1 },
    };
    model.transactions.push(producer.open);
  }
  const batch = batchOf(values, { ...producer, isTransactional: true });
  const code = write({ ask }, batch, producer.transactionalId);
  expect(code).to.equal(isFenced ? 47 : 0);
  if (isFenced || producer.open === undefined) return;
  producer.open.firstOffset ??= model.end;
  producer.sequence += values.length;
  note(model, values, producer.open);
}

function write({ ask }: Pick<Real, "ask">, batch: Buffer, transactionalId: string | null): number {
  const topics = [{ name: "t", partitions: [{ index: 0, records: [batch] }] }];
  return codeOf(ask("Produce", { transactionalId, acks: -1, topics }), "topics");
}

function note(model: Model, values: readonly string[], transaction?: Transaction): void {
  for (const value of values) model.written.push({ offset: model.end++, value, transaction });
}

function end(model: Model, { ask }: Real, producer: Producer, committed: boolean): void {
  const code = dig(ask("EndTxn", { ...claimOf(producer), committed }), "errorCode");
  if (producer.producerEpoch !== producer.trueEpoch) expect(code).to.equal(47);
  else if (producer.open !== undefined) {
    expect(code).to.equal(0);
    finish(model, producer.open, committed ? "committed" : "aborted");
  } else expect(code).to.be.oneOf([0, 48]);
}

function init(model: Model, { ask }: Real, producer: Producer): void {
  const { transactionalId } = producer;
  const told = ask("InitProducerId", { transactionalId, transactionTimeoutMs: timeoutMs });
  const { producerId, producerEpoch } = told as { producerId: number; producerEpoch: number };
  expect(producerEpoch).to.equal(producer.trueEpoch + (producer.open === undefined ? 1 : 2));
  if (producer.open !== undefined) finish(model, producer.open, "aborted");
  Object.assign(producer, { producerId, producerEpoch, trueEpoch: producerEpoch, sequence: 0 });
}

async function wait(model: Model, { clock }: Real, byMs: number): Promise<void> {
  const untilMs = clock.now() + byMs;
  const late = model.transactions
    .filter(({ state, endsAtMs }) => state === "open" && endsAtMs <= untilMs)
    .sort((a, b) => a.endsAtMs - b.endsAtMs || a.begunAs - b.begunAs);
  for (const transaction of late) {
    transaction.producer.trueEpoch++;
    finish(model, transaction, "aborted");
  }
  await clock.advance(byMs);
}

/** Takes all memory out and puts it back, open transactions included; their time begins anew. */
function restart({ producers }: Model, { cluster, clock }: Real): void {
  restoreSnapshot(cluster, takeSnapshot(cluster));
  for (const { open } of producers)
    if (open !== undefined) Object.assign(open, { endsAtMs: clock.now() + timeoutMs, begunAs: serial++ });
}

function read(model: Model, { ask, order }: Real, maxBytes: number): void {
  const partitions = [{ index: 0, fetchOffset: model.position, partitionMaxBytes: maxBytes }];
  const answer = ask("Fetch", { isolationLevel: 1, topics: [{ name: "t", partitions }] });
  const part = dig(answer, "topics", 0, "partitions", 0) as FetchedBytes & {
    lastStableOffset: number;
    highWatermark: number;
  };
  expect(part).to.include({ highWatermark: model.end, lastStableOffset: stableOffset(model) });
  expect(part.lastStableOffset, "the stable offset never goes back").to.be.at.least(model.stable);
  model.stable = part.lastStableOffset;
  checkOrder(model, part, order);
  const { records, nextOffset } = readCommitted(part, model.position);
  model.position = nextOffset;
  model.got.push(...records.map(({ value }) => value));
  const committed = model.written.filter(
    ({ offset, transaction }) =>
      offset < nextOffset && (transaction === undefined || transaction.state === "committed"),
  );
  expect(model.got).to.deep.equal(committed.map(({ value }) => value));
}

function checkOrder(
  { transactions }: Model,
  { abortedTransactions }: FetchedBytes,
  order: Real["order"],
): void {
  const keyOf = ({ firstOffset, markerOffset }: Transaction) =>
    order === "completion" ? markerOffset : (firstOffset ?? 0);
  const listed = (abortedTransactions ?? []).map(({ producerId, firstOffset }) => {
    const found = transactions.find(
      (one) => one.firstOffset === firstOffset && one.producer.producerId === producerId,
    );
    expect(found?.state, `the transaction from ${firstOffset} on`).to.equal("aborted");
    return keyOf(found as Transaction);
  });
  expect(listed, order).to.deep.equal(listed.toSorted((a, b) => a - b));
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, run: (model: Model, real: Real) => unknown): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, real) {
      await run(model, real);
    },
  };
}

const someValues = (count: number): string[] => Array.from({ length: count }, () => `v${serial++}`);
const which = fc.nat(2);
const commands: fc.Arbitrary<Command>[] = [
  ...[1, 2, 3].map(() =>
    fc
      .tuple(which, fc.integer({ min: 1, max: 3 }))
      .map(([at, count]) =>
        command(`send(${at}, ${count})`, (model, real) =>
          send(model, real, model.producers[at] as Producer, someValues(count)),
        ),
      ),
  ),
  ...[1, 2].map(() =>
    fc
      .tuple(which, fc.boolean())
      .map(([at, isCommit]) =>
        command(`${isCommit ? "commit" : "abort"}(${at})`, (model, real) =>
          end(model, real, model.producers[at] as Producer, isCommit),
        ),
      ),
  ),
  which.map((at) =>
    command(`init(${at})`, (model, real) => init(model, real, model.producers[at] as Producer)),
  ),
  fc
    .constantFrom(100, 400, 1_500)
    .map((ms) => command(`wait(${ms})`, (model, real) => wait(model, real, ms))),
  ...[1, 2].map(() =>
    fc
      .constantFrom(1, 80, 150, 300, 100_000)
      .map((size) => command(`read(${size})`, (model, real) => read(model, real, size))),
  ),
  fc.constant(
    command("plain", (model, real) => {
      const values = someValues(1);
      expect(write(real, batchOf(values), null)).to.equal(0);
      note(model, values);
    }),
  ),
  fc.constant(command("restart", restart)),
];

function setUp(order: Real["order"]): { readonly model: Model; readonly real: Real } {
  const clock = createManualClock();
  const handlers = createHandlers({ clock, topics: [{ name: "t" }], abortedOrder: order });
  const real = { ...handlers, clock, order };
  const producers = [0, 1, 2].map(
    (at): Producer => ({
      ...{
        transactionalId: `p${at}`,
        producerId: -1,
        producerEpoch: -1,
        trueEpoch: -1,
        sequence: 0,
        open: undefined,
      },
    }),
  );
  const model: Model = { producers, written: [], transactions: [], end: 0, stable: 0, position: 0, got: [] };
  for (const producer of producers) init(model, real, producer);
  return { model, real };
}

describe("transactions of the embedded broker, over random interleavings", function () {
  this.timeout(600_000);
  it(`show a correct reader each committed record and no other (${interleavings} interleavings)`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(commands, { maxCommands: 50, size: "medium" }),
        fc.constantFrom<Real["order"]>("first-offset", "completion"),
        fc.constantFrom(1, 200, 100_000),
        async (drawn, order, lastSize) => {
          const { model, real } = setUp(order);
          await fc.asyncModelRun(() => ({ model, real }), drawn);
          for (const [at, producer] of model.producers.entries()) end(model, real, producer, at % 2 === 0);
          while (model.position < model.end) read(model, real, lastSize);
        },
      ),
      { numRuns: interleavings },
    );
  });
});
