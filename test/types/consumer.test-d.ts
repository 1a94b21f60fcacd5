// Compiled, never run: each `@ts-expect-error` fails the type check when the line below it compiles.
import {
  type App,
  BatchFailure,
  type BatchItem,
  type Consumer,
  type ConsumerOptions,
  compose,
  type Delivery,
  filter,
  type Middleware,
  type Outcome,
  timeout,
} from "keryx";
import { OrderCancelled, OrderPlaced } from "../../generated/index.ts";

declare const app: App;
declare const consumer: Consumer;

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Functions<T> = {
  [K in keyof T]-?: NonNullable<T[K]> extends (...args: never[]) => unknown ? K : never;
}[keyof T];
const holds = <T extends true>(): T | undefined => undefined;

// Middlewares take the value of their event; one for every event goes everywhere.
const cheap = filter<OrderPlaced>(
  (order, delivery) => order.totalMinor < 5 && delivery.attempt === 1,
  "dear",
);
const any = filter((event) => event !== null);
const log: Middleware = async ({ messageId }, next) => (messageId === "" ? { kind: "done" } : next());
consumer.use(OrderPlaced, cheap, any, timeout(5), log);
consumer.use(OrderPlaced, compose(log, cheap)).use(OrderCancelled, any);
app.consumer({ group: "g", middleware: [log, any, timeout(5), compose(any, timeout(5))] });
holds<Equal<ReturnType<typeof compose<OrderPlaced>>, Middleware<OrderPlaced>>>();
const composed = compose(log, cheap, timeout(5));
holds<Equal<typeof composed, Middleware<OrderPlaced>>>();

// @ts-expect-error a filter of another event
consumer.use(OrderCancelled, cheap);
// @ts-expect-error steps of one event among those of every event
app.consumer({ group: "g", middleware: [cheap] });
const cancelled = filter<OrderCancelled>((event) => event.orderId !== "");
// @ts-expect-error two events have no value in common
const mixed: Middleware<OrderPlaced> = compose(cheap, cancelled);
// @ts-expect-error a step gives an outcome
const silent: Middleware = async () => {};
// @ts-expect-error a step knows its outcomes
const inventive: Middleware = async () => ({ kind: "ack" });
// @ts-expect-error nothing but a time
timeout("5s");

// A batch handler gets values and deliveries of its event, and gives nothing back.
consumer.onBatch(OrderPlaced, (batch, { signal }) => {
  const [first] = batch;
  if (first && first.value.totalMinor === first.delivery.event.totalMinor && !signal.aborted)
    throw new BatchFailure(0, first.delivery.deadLetter("no"));
});
consumer.onBatch(OrderCancelled, async () => {}, { maxRecords: 5, maxWaitMs: 1 });
// @ts-expect-error a batch has no value of its own
consumer.onBatch(OrderPlaced, ({ value }) => void value);
// @ts-expect-error an outcome of a whole batch would decide about all of its records
consumer.onBatch(OrderPlaced, async (batch) => batch.map(({ delivery }) => delivery.skip("no")));
// @ts-expect-error the values of another event
consumer.onBatch(OrderCancelled, (batch: readonly BatchItem<OrderPlaced>[]) => void batch);

// No way to name another order: users give functions for the slot and for the class of an error, and nothing else.
holds<Equal<Functions<ConsumerOptions>, "nonRetriable" | "retriable">>();
holds<Equal<NonNullable<ConsumerOptions["middleware"]>, readonly Middleware[]>>();
// Neither producing nor committing is in a step's reach.
holds<Equal<Functions<Delivery>, "skip" | "retry" | "deadLetter">>();
holds<Equal<Parameters<Middleware>[1], () => Promise<Outcome>>>();
// @ts-expect-error there is no such option
app.consumer({ group: "g", steps: ["handler", "decode"] });
// @ts-expect-error there is no such option
app.consumer({ group: "g", pipeline: [] });

void [silent, inventive, mixed];
