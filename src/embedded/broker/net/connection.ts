import type { Socket } from "node:net";
import { KeryxError } from "../../../core/errors.ts";
import type { Peer } from "../api/api.ts";
import type { BrokerNode } from "../cluster.ts";
import type { Dispatcher, Outcome } from "../dispatch.ts";
import type { ListenerOptions } from "../options.ts";
import { createFrameReader } from "../wire/frame.ts";
import { createSession } from "./sasl.ts";

export interface ConnectionOptions {
  readonly id: number;
  readonly broker: BrokerNode;
  readonly listener: ListenerOptions;
  readonly maxRequestBytes: number;
  readonly dispatcher: Dispatcher;
}

/**
 * Serves one socket. Requests are answered one after the other, in the order in which they came: the next frame is looked
 * at when the answer before it is written, as Kafka mutes a channel. `onEnd` gets the reason when the broker closed it.
 */
export function serveConnection(
  socket: Socket,
  { id, broker, listener, maxRequestBytes, dispatcher }: ConnectionOptions,
  onEnd: (reason: string | undefined) => void,
): void {
  const frames = createFrameReader(maxRequestBytes);
  const onCloses = new Set<() => void>();
  let isBusy = false;
  let isClosed = false;
  let reason: string | undefined;

  const session = createSession(listener.sasl);
  const peer: Peer = {
    ...{ id, broker, listener: listener.name, session, clientHost: socket.remoteAddress ?? "" },
    onClose(run) {
      // A request that was held is handled all the same; what it waits for has nobody to go to.
      if (isClosed) queueMicrotask(run);
      else onCloses.add(run);
      return () => void onCloses.delete(run);
    },
  };
  const close = (why?: string): void => {
    reason ??= why;
    socket.destroy();
  };
  const stall = (): void => {
    isBusy = true;
    // Nothing more is taken in than what has arrived already.
    socket.pause();
  };
  const goOn = (): void => {
    isBusy = false;
    socket.resume();
    serve();
  };
  const write = (outcome: Outcome): void => {
    if (outcome === "close") close("the request asks for it");
    if (isClosed || typeof outcome === "string") return;
    socket.cork();
    for (const piece of outcome) socket.write(piece);
    socket.uncork();
    if (session.isFailed()) {
      isBusy = true;
      socket.destroySoon();
    } else if (socket.writableNeedDrain) {
      // A client that does not read gets nothing more to keep here for it.
      stall();
      socket.once("drain", goOn);
    }
  };
  const settle = (outcome: Outcome): void => {
    isBusy = false;
    write(outcome);
    if (!isBusy) goOn();
  };
  const fail = (error: unknown): void => {
    const { code, message } = KeryxError.from(error);
    close(code === "frame_malformed" ? message : `[internal] ${message}`);
  };
  const serve = (): void => {
    try {
      while (!isBusy && !isClosed) {
        const frame = frames.next();
        if (frame === undefined) return;
        const outcome = dispatcher(frame, peer);
        if (outcome instanceof Promise) {
          stall();
          outcome.then(settle, fail);
        } else write(outcome);
      }
    } catch (error) {
      fail(error);
    }
  };

  socket.setNoDelay(true);
  socket.on("data", (chunk) => {
    frames.push(chunk);
    if (!isBusy) serve();
  });
  // A reset by the client is an ordinary end.
  socket.on("error", () => close());
  socket.on("close", () => {
    isClosed = true;
    for (const run of [...onCloses]) run();
    onEnd(reason);
  });
}
