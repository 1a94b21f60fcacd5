import { toFrame } from "../../embedded/broker/wire/frame.ts";
import { createReader, createWriter } from "../../embedded/broker/wire/primitives.ts";
import {
  array,
  bool,
  type Field,
  int8,
  int16,
  int32,
  list,
  nullableString,
  type Row,
  readRow,
  skipTags,
  string,
  type Told,
  writeRow,
} from "../../embedded/broker/wire/schema.ts";
import { keys, knownApis } from "./versions.ts";

/** A broker as an answer names it. */
export interface NamedBroker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** Where clients are to go instead. */
export type Redirect = (broker: NamedBroker) => Promise<{ readonly host: string; readonly port: number }>;

export interface AskedRequest {
  readonly key: number;
  readonly version: number;
  /** A code that its topics are to fail with, where the answer is needed all the same. */
  readonly failCode?: number;
}

const metadata = [
  int32("throttleTimeMs", { since: 3 }),
  array("brokers", [int32("nodeId"), string("host"), int32("port"), nullableString("rack", { since: 1 })]),
  nullableString("clusterId", { since: 2 }),
  int32("controllerId", { since: 1 }),
  array("topics", [
    int16("errorCode"),
    string("name"),
    bool("isInternal", { since: 1 }),
    array("partitions", [
      int16("errorCode"),
      int32("index"),
      int32("leader"),
      int32("leaderEpoch", { since: 7 }),
      list("replicas", "int32"),
      list("isr", "int32"),
      list("offlineReplicas", "int32", { since: 5 }),
    ]),
    int32("authorizedOperations", { since: 8 }),
  ]),
  int32("authorizedOperations", { since: 8 }),
] as const;

const coordinator = [
  int32("throttleTimeMs", { since: 1 }),
  int16("errorCode"),
  nullableString("errorMessage", { since: 1 }),
  int32("nodeId"),
  string("host"),
  int32("port"),
] as const;

const cluster = [
  int32("throttleTimeMs"),
  int16("errorCode"),
  nullableString("errorMessage"),
  int8("endpointType", { since: 1 }),
  string("clusterId"),
  int32("controllerId"),
  array("brokers", [
    int32("nodeId"),
    string("host"),
    int32("port"),
    nullableString("rack"),
    bool("isFenced", { since: 2 }),
  ]),
  int32("authorizedOperations"),
] as const;

const versions = [
  int16("errorCode"),
  array("apiKeys", [int16("apiKey"), int16("minVersion"), int16("maxVersion")]),
  int32("throttleTimeMs", { since: 1 }),
] as const;

const unsupportedVersion = 35;

/**
 * An answer with the proxy's addresses in place of the brokers', and with no version that the proxy does not read. All
 * other answers are given back as they are. A frame stands without its length.
 * @throws KeryxError `frame_malformed`
 */
export async function rewriteAnswer(frame: Buffer, asked: AskedRequest, redirect: Redirect): Promise<Buffer> {
  const { key, failCode } = asked;
  if (key === keys.metadata)
    return rewrite(metadata, frame, asked, async (row) => ({
      ...row,
      brokers: await redirectAll(row.brokers, redirect),
      topics: failCode === undefined ? row.topics : row.topics.map((one) => failed(one.name, failCode)),
    }));
  if (key === keys.describeCluster)
    return rewrite(cluster, frame, asked, async (row) => ({
      ...row,
      brokers: await redirectAll(row.brokers, redirect),
    }));
  if (key === keys.findCoordinator)
    return rewrite(coordinator, frame, asked, async (row) =>
      // An error names nobody.
      row.nodeId < 0 ? row : { ...row, ...(await redirect({ ...row, id: row.nodeId })) },
    );
  if (key === keys.apiVersions) return rewrite(versions, frame, toVersionsAsked(frame, asked), capped);
  return frame;
}

function failed(name: string, errorCode: number) {
  return { name, errorCode, partitions: [], isInternal: false, authorizedOperations: 0 };
}

function redirectAll<
  Broker extends { readonly nodeId: number; readonly host: string; readonly port: number },
>(brokers: readonly Broker[], redirect: Redirect): Promise<readonly Broker[]> {
  return Promise.all(
    brokers.map(async (one) => ({ ...one, ...(await redirect({ ...one, id: one.nodeId })) })),
  );
}

/** A version that the broker does not know it answers in version 0 (KIP-511). */
function toVersionsAsked(frame: Buffer, asked: AskedRequest): AskedRequest {
  return frame.length >= 6 && frame.readInt16BE(4) === unsupportedVersion ? { ...asked, version: 0 } : asked;
}

function capped(row: Row<typeof versions>): Row<typeof versions> {
  const apiKeys = row.apiKeys.flatMap((one) => {
    const maxVersion = Math.min(one.maxVersion, knownApis.get(one.apiKey)?.max ?? -1);
    return maxVersion < one.minVersion ? [] : [{ ...one, maxVersion }];
  });
  return { ...row, apiKeys };
}

async function rewrite<const Fields extends readonly Field[]>(
  fields: Fields,
  frame: Buffer,
  { key, version }: AskedRequest,
  change: (row: Row<Fields>) => Row<Fields> | Promise<Row<Fields>>,
): Promise<Buffer> {
  const isFlexible = version >= (knownApis.get(key)?.flexibleFrom ?? Number.POSITIVE_INFINITY);
  const hasTags = isFlexible && key !== keys.apiVersions;
  const reader = createReader(frame);
  const correlationId = reader.int32();
  if (hasTags) skipTags(reader);
  const changed = await change(readRow(fields, reader, { version, isFlexible }));
  const writer = createWriter();
  writeRow(fields, changed as Told<Row<Fields>>, writer, { version, isFlexible });
  return Buffer.concat(toFrame(correlationId, hasTags, writer.finish())).subarray(4);
}
