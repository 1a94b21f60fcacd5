import { AsyncLocalStorage } from "node:async_hooks";

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
  return {
    run: (context, body) => storage.run(context, body),
    current() {
      const context = storage.getStore();
      return typeof context === "function" ? context() : context;
    },
  };
}
