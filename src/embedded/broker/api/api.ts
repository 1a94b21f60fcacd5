import type { BrokerNode, Cluster } from "../cluster.ts";
import { apiVersions } from "../versions.ts";
import { createWriter, type Reader } from "../wire/primitives.ts";
import { type Field, type Mode, type Row, readRow, writeRow } from "../wire/schema.ts";

/** What a handler knows beside the request. */
export interface Call {
  readonly cluster: Cluster;
  /** The broker that was asked. */
  readonly broker: BrokerNode;
  /** The listener that the request came in on: its addresses are the ones to answer with. */
  readonly listener: string;
  readonly version: number;
  readonly clientId: string | null;
  /** Address of the client. */
  readonly clientHost: string;
  /** Runs when the connection closes before the answer; gives back how to take it off again. */
  onClose(run: () => void): () => void;
}

/** Nothing is written, as a producer asked for. */
export const noAnswer: unique symbol = Symbol("no answer");
/** Nothing is written and the connection is closed. */
export const hangUp: unique symbol = Symbol("hang up");

/** Handlers answer at once; only those that wait for something give a promise. */
export type Reply<Response> = Response | Promise<Response> | typeof noAnswer | typeof hangUp;

/** One API: how its bytes read and write, and what it does. */
export interface Api {
  readonly key: number;
  readonly name: string;
  readonly request: readonly Field[];
  readonly response: readonly Field[];
  read(reader: Reader, version: number): unknown;
  write(response: unknown, version: number): readonly Uint8Array[];
  handle(request: unknown, call: Call): Reply<unknown>;
  /** A well-formed answer in which everything failed with this code. */
  fail(request: unknown, code: number): unknown;
}

interface Behaviour<Request, Response> {
  handle(request: Request, call: Call): Reply<Response>;
  fail(request: Request, code: number): Response;
}

/** Joins descriptions and behaviour of an API; versions stand in the one table. */
export function api<const Request extends readonly Field[], const Response extends readonly Field[]>(
  description: { readonly key: number; readonly request: Request; readonly response: Response },
  behaviour: Behaviour<Row<Request>, Row<Response>>,
): Api {
  const { key, request, response } = description;
  const row = apiVersions.find((one) => one.key === key);
  if (row === undefined) throw new Error(`API ${key} does not stand in the table of versions`);
  const modeOf = (version: number): Mode => ({ version, isFlexible: version >= row.flexibleFrom });
  return {
    key,
    name: row.name,
    request,
    response,
    read: (reader, version) => readRow(request, reader, modeOf(version)),
    write(answer, version) {
      const writer = createWriter();
      writeRow(response, answer as Row<Response>, writer, modeOf(version));
      return writer.finish();
    },
    handle: (asked, call) => behaviour.handle(asked as Row<Request>, call),
    fail: (asked, code) => behaviour.fail(asked as Row<Request>, code),
  };
}
