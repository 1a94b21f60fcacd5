import type { Socket } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { createFrameReader } from "../../embedded/broker/wire/frame.ts";
import { createExchange, type ExchangeParts } from "./exchange.ts";
import { createLink } from "./link.ts";
import type { RuleEffect } from "./options.ts";
import type { Poisoned, Toxics } from "./toxics.ts";

export interface ConnectionParts extends Pick<ExchangeParts, "rules" | "redirect" | "broker"> {
  readonly id: number;
  /** The two sockets. */
  readonly client: Socket;
  readonly upstream: Socket;
  readonly maxFrameBytes: number;
  readonly toxics: Toxics;
  readonly clock: Clock;
  random(): number;
  used(effect: RuleEffect, api: string, on: Poisoned): void;
}

/** Serves one connection: frames go from side to side as rules and toxics let them. */
export function serveConnection(parts: ConnectionParts): Poisoned {
  const { id, client, upstream, toxics, clock, random, rules, redirect, broker } = parts;
  let isClosed = false;
  const connection: Poisoned = {
    id,
    broker,
    get isClosed() {
      return isClosed;
    },
    end(how) {
      isClosed = true;
      for (const socket of [client, upstream])
        if (how === "reset") socket.resetAndDestroy();
        else socket.destroy();
    },
  };
  const common = { connection, toxics, clock, random };
  const up = createLink({ ...common, stream: "upstream", source: client, target: upstream });
  const down = createLink({ ...common, stream: "downstream", source: upstream, target: client });
  const exchange = createExchange({
    ...{ rules, redirect, broker },
    forward: (frame, passed) =>
      up.push(frame.length, passed === undefined ? frame : passed.then(() => frame)),
    deliver: (size, frame) => down.push(size, frame),
    end: () => connection.end("close"),
    used: (effect, api) => parts.used(effect, api, connection),
  });
  for (const [source, other, link, take] of [
    [client, upstream, up, exchange.onRequest],
    [upstream, client, down, exchange.onAnswer],
  ] as const) {
    const frames = createFrameReader(parts.maxFrameBytes);
    source.on("data", (chunk: Buffer) => {
      try {
        frames.push(chunk);
        for (let frame = frames.next(); frame !== undefined && !isClosed; frame = frames.next()) take(frame);
      } catch {
        connection.end("close");
      }
    });
    source.on("end", () => link.end());
    source.on("error", () => connection.end("close"));
    source.on("close", () => {
      isClosed ||= other.destroyed;
      if (isClosed) toxics.detach(connection);
      else link.end();
    });
  }
  toxics.attach(connection);
  return connection;
}
