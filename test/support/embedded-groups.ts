import { dig, type Loose, type WireClient } from "./embedded-wire.ts";

/** Requests of group members as frames, at an embedded broker or a real one. */

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolName: string;
  readonly leader: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[];
}

/** Who speaks in a group; what is left out is nobody in no generation. */
export interface Speaker {
  readonly memberId?: string;
  readonly generationId?: number;
  readonly groupInstanceId?: string | null;
}

export function protocol(name: string, metadata = "topics"): { name: string; metadata: Buffer } {
  return { name, metadata: Buffer.from(metadata) };
}

/** One JoinGroup, whatever comes of it. The type is not `consumer`: Kafka reads the metadata of that one. */
export function askJoin(
  client: WireClient,
  groupId: string,
  request: Loose = {},
  version = 5,
): Promise<JoinAnswer> {
  const usual = { sessionTimeoutMs: 30_000, ...(version > 0 ? { rebalanceTimeoutMs: 2_000 } : {}) };
  const asked = { groupId, ...usual, protocolType: "tests", protocols: [protocol("range")], ...request };
  return client.ask("JoinGroup", version, asked) as Promise<unknown> as Promise<JoinAnswer>;
}

/** Joins as a new member, coming again with the id that the broker hands out. */
export async function joinGroup(
  client: WireClient,
  groupId: string,
  request: Loose = {},
): Promise<JoinAnswer> {
  const first = await askJoin(client, groupId, request);
  return first.errorCode === 79 ? askJoin(client, groupId, { ...request, memberId: first.memberId }) : first;
}

/** The share of a member, or the code with which it was refused. A leader brings shares by member id. */
export async function syncGroup(
  client: WireClient,
  groupId: string,
  { memberId = "", generationId = -1, groupInstanceId = null }: Speaker,
  shares: Readonly<Record<string, string>> = {},
): Promise<string | number> {
  const assignments = Object.entries(shares).map(([id, share]) => ({
    memberId: id,
    assignment: Buffer.from(share),
  }));
  const asked = { groupId, memberId, generationId, groupInstanceId, assignments };
  const { errorCode, assignment } = await client.ask("SyncGroup", 3, asked);
  return errorCode === 0 ? String(assignment) : (errorCode as number);
}

/** Joins as the first member and shares everything out to itself. */
export async function foundGroup(
  client: WireClient,
  groupId: string,
  request: Loose = {},
): Promise<JoinAnswer> {
  const joined = await joinGroup(client, groupId, request);
  const { groupInstanceId = null } = request as Speaker;
  await syncGroup(client, groupId, { ...joined, groupInstanceId }, { [joined.memberId]: "all" });
  return joined;
}

export async function beat(client: WireClient, groupId: string, speaker: Speaker): Promise<number> {
  const { memberId = "", generationId = -1, groupInstanceId = null } = speaker;
  const asked = { groupId, memberId, generationId, groupInstanceId };
  return (await client.ask("Heartbeat", 3, asked))["errorCode"] as number;
}

/** What each member is told that leaves. */
export async function leaveGroup(
  client: WireClient,
  groupId: string,
  ...members: readonly { readonly memberId?: string; readonly groupInstanceId?: string | null }[]
): Promise<readonly number[]> {
  const asked = members.map(({ memberId = "", groupInstanceId = null }) => ({ memberId, groupInstanceId }));
  const answer = await client.ask("LeaveGroup", 3, { groupId, members: asked });
  return (answer["members"] as readonly { readonly errorCode: number }[]).map((one) => one.errorCode);
}

export interface Offset {
  readonly topic: string;
  readonly index?: number;
  readonly offset: number;
  readonly metadata?: string | null;
}

export async function commitOffset(
  client: WireClient,
  groupId: string,
  { topic, index = 0, offset, metadata = "" }: Offset,
  { memberId = "", generationId = -1, groupInstanceId = null }: Speaker = {},
): Promise<number> {
  const topics = [{ name: topic, partitions: [{ index, offset, metadata }] }];
  const answer = await client.ask("OffsetCommit", 7, {
    groupId,
    memberId,
    generationId,
    groupInstanceId,
    topics,
  });
  return dig(answer, "topics", 0, "partitions", 0, "errorCode") as number;
}

/** The committed offset of one partition, with its metadata. */
export async function committedOffset(
  client: WireClient,
  groupId: string,
  topic: string,
  index = 0,
): Promise<{ readonly offset: number; readonly metadata: string | null }> {
  const answer = await client.ask("OffsetFetch", 4, {
    groupId,
    topics: [{ name: topic, partitions: [index] }],
  });
  const { offset, metadata, errorCode } = dig(answer, "topics", 0, "partitions", 0) as {
    readonly offset: number;
    readonly metadata: string | null;
    readonly errorCode: number;
  };
  if (errorCode !== 0) throw new Error(`the offset is refused with ${errorCode}`);
  return { offset, metadata };
}

export interface DescribedGroup {
  readonly state: string;
  readonly protocolType: string;
  readonly protocolName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly metadata: Buffer;
    readonly assignment: Buffer;
  }[];
}

export async function describeGroup(client: WireClient, groupId: string): Promise<DescribedGroup> {
  return dig(await client.ask("DescribeGroups", 2, { groups: [groupId] }), "groups", 0) as DescribedGroup;
}
