import type { BrokerNode, Cluster } from "../cluster.ts";
import type { Session } from "../net/sasl.ts";
import { apiVersions } from "../versions.ts";
import { createWriter, type Reader } from "../wire/primitives.ts";
import {
  type ByName,
  type Field,
  type Mode,
  type Row,
  readRow,
  type Told,
  writeRow,
} from "../wire/schema.ts";

/** A client's connection, as far as requests need it. */
export interface Peer {
  readonly id: number;
  /** The broker that is asked. */
  readonly broker: BrokerNode;
  /** The listener that the client came in on: its addresses are the ones to answer with. */
  readonly listener: string;
  /** Who the connection has proved to be. */
  readonly session: Session;
  readonly clientHost: string;
  /** Runs when the connection closes before the answer; gives back how to take it off again. */
  onClose(run: () => void): () => void;
}

/** What a handler knows beside the request. */
export interface Call extends Peer {
  readonly cluster: Cluster;
  readonly version: number;
  readonly clientId: string | null;
}

/** Handlers answer at once; only those that wait for something give a promise. Some write nothing, or end the connection. */
export type Reply<Response> = Response | Promise<Response> | "silent" | "close";

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
  fail(request: unknown, call: Call, code: number): unknown;
}

/** A broker without quotas never throttles, and most of what it leaves out has a default: handlers need not say it. */
type Answer<Response extends readonly Field[]> = Told<Row<Response>>;

/** Joins the description of an API and what it does; versions stand in the one table. */
export function api<const Request extends readonly Field[], const Response extends readonly Field[]>(
  description: { readonly key: number; readonly request: Request; readonly response: Response },
  handle: (request: Row<Request>, call: Call) => Reply<Answer<Response>>,
  /** Where the answer of a failure is more than the question with the code at each place. */
  fail?: (request: Row<Request>, call: Call, code: number) => Reply<Answer<Response>> | undefined,
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
      writeRow(response, answer as Answer<Response>, writer, modeOf(version));
      return writer.finish();
    },
    handle: (asked, call) => handle(asked as Row<Request>, call),
    fail: (asked, call, code) =>
      fail?.(asked as Row<Request>, call, code) ?? failureOf(response, asked as Loose, code),
  };
}

type Loose = Readonly<Record<string, unknown>>;

/** Answers name lists and their keys as requests do, so that a failure can repeat what was asked. */
export function failureOf(fields: readonly Field[], asked: Loose, code: number): Loose {
  const told = ({ name, type }: Field): unknown => {
    const given = asked[name];
    if (name === "errorCode") return code;
    if (type.kind !== "array") return given;
    const inner = type.of.kind === "struct" && Array.isArray(given) ? type.of.fields : undefined;
    return inner && (given as readonly unknown[]).map((one) => failureOf(inner, toLoose(inner, one), code));
  };
  return Object.fromEntries(fields.map((one) => [one.name, told(one)]));
}

/** Requests name some things by the bare key. */
function toLoose(fields: readonly Field[], one: unknown): Loose {
  if (typeof one === "object") return one as Loose;
  const key = fields.find(({ type }) => type.kind === (typeof one === "number" ? "int32" : "string"));
  return key === undefined ? {} : { [key.name]: one };
}

/** An answer of the same shape as the question: topics with partitions. */
export function eachPartition<Part, Answer>(
  topics: readonly ByName<Part>[],
  answer: (topic: string, part: Part) => Answer,
): readonly ByName<Answer>[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((part) => answer(name, part)),
  }));
}
