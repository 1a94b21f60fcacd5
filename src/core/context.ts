import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** What a handler under way passes on to sends and log lines inside it. */
export interface DeliveryContext {
  readonly messageId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly group: string;
  readonly event: string | undefined;
  readonly attempt: number;
}

/** One store per app: two apps in a process never see each other's deliveries. */
export interface ContextStore {
  /** Many handlers never ask for their context: it may be made when they do. */
  run<T>(context: DeliveryContext | (() => DeliveryContext), body: () => T): T;
  current(): DeliveryContext | undefined;
}

export function createContextStore(): ContextStore {
  const storage = new AsyncLocalStorage<DeliveryContext | (() => DeliveryContext)>();
  // Node's own `run` makes a second map of contexts to come back with, and copies it into that of each next handler:
  // five times the cost. To leave the scope of a resource costs nothing.
  const outside = new AsyncResource("keryx.delivery");
  const enter = <T>(context: DeliveryContext | (() => DeliveryContext), body: () => T): T => {
    storage.enterWith(context);
    return body();
  };
  return {
    run: (context, body) => outside.runInAsyncScope(enter<ReturnType<typeof body>>, undefined, context, body),
    current() {
      const context = storage.getStore();
      return typeof context === "function" ? context() : context;
    },
  };
}
