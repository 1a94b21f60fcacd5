import type { Clock } from "../../../core/clock.ts";
import { errorCodes } from "../error-codes.ts";
import { type CommittedOffsets, createOffsets } from "./offsets.ts";

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What a member is told when a join ends; of a refusal the code and the id. */
export interface Joined {
  readonly errorCode: number;
  readonly memberId: string;
  readonly generationId?: number;
  readonly protocolName?: string;
  readonly leader?: string;
  /** All members with their metadata, for the leader alone. */
  readonly members?: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Buffer;
  }[];
}

export interface Synced {
  readonly errorCode: number;
  readonly assignment?: Buffer;
}

export interface Member {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  protocols: readonly Protocol[];
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  assignment: Buffer;
  /** Until its first generation. */
  isNew: boolean;
  /** It has not fetched its part of this generation yet. */
  isSyncDue: boolean;
  /** Answers the join that the member waits on. */
  joining?: ((joined: Joined) => void) | undefined;
  syncing?: ((synced: Synced) => void) | undefined;
  stopSession?: (() => void) | undefined;
}

/** A classic consumer group (KIP-62, KIP-345). Functions beside this move it; handlers are synchronous, so nobody sees it in between. */
export interface Group {
  readonly id: string;
  readonly clock: Clock;
  readonly initialDelayMs: number;
  readonly newId: () => string;
  /** Told at each change of state. */
  readonly changed: (group: Group) => void;
  state: GroupState;
  generation: number;
  protocolType: string;
  protocolName: string;
  leader: string;
  readonly members: Map<string, Member>;
  /** Ids that were handed out and have not joined yet, with what stops waiting for them. */
  readonly pending: Map<string, () => void>;
  readonly offsets: CommittedOffsets;
  /** Ends the wait for joins, or for syncs, that do not come. */
  stopWaiting?: (() => void) | undefined;
  /** True while a group that was empty waits for more members to come. */
  isGathering: boolean;
}

export const nothing: Buffer = Buffer.alloc(0);

export function createGroup(
  parts: Pick<Group, "id" | "clock" | "initialDelayMs" | "newId" | "changed">,
): Group {
  return {
    ...parts,
    ...{ state: "Empty", generation: 0, protocolType: "", protocolName: "", leader: "" },
    ...{ members: new Map(), pending: new Map(), offsets: createOffsets(), isGathering: false },
  };
}

export function move(group: Group, state: GroupState): void {
  group.state = state;
  group.changed(group);
}

export function memberOfInstance({ members }: Group, instanceId: string | null): Member | undefined {
  if (instanceId === null) return undefined;
  return [...members.values()].find((member) => member.instanceId === instanceId);
}

/** The member that a request may speak for, else the code that says why not. */
export function identify(group: Group, memberId: string, instanceId: string | null): Member | number {
  const holder = memberOfInstance(group, instanceId);
  if (holder !== undefined && holder.id !== memberId) return errorCodes.fencedInstanceId;
  if (instanceId !== null) return holder ?? errorCodes.unknownMemberId;
  return group.members.get(memberId) ?? errorCodes.unknownMemberId;
}

/** The answer for a member of the generation at hand. */
export function joinedAs({ generation, protocolName, leader, members }: Group, { id }: Member): Joined {
  const told = [...members.values()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    metadata: metadataOf(member, protocolName),
  }));
  return {
    errorCode: errorCodes.none,
    ...{ generationId: generation, protocolName, leader, memberId: id, members: leader === id ? told : [] },
  };
}

export function metadataOf({ protocols }: Member, protocolName: string): Buffer {
  return protocols.find(({ name }) => name === protocolName)?.metadata ?? nothing;
}

/** True when a member of this type could share in the group: one of its protocols is known to every member there is, itself included. */
export function isSupported(group: Group, type: string, protocols: readonly Protocol[]): boolean {
  if (group.state === "Empty") return type !== "" && protocols.length > 0;
  const isCommon = commonTo(group);
  return group.protocolType === type && protocols.some(({ name }) => isCommon(name));
}

/** The common protocol that most members put first. */
export function elect(group: Group): string {
  const isCommon = commonTo(group);
  const votes = new Map<string, number>();
  for (const { protocols } of group.members.values()) {
    const first = protocols.find(({ name }) => isCommon(name))?.name;
    if (first !== undefined) votes.set(first, (votes.get(first) ?? 0) + 1);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

function commonTo({ members }: Group): (name: string) => boolean {
  const counts = new Map<string, number>();
  for (const { protocols } of members.values())
    for (const name of new Set(protocols.map((protocol) => protocol.name)))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  return (name) => (counts.get(name) ?? 0) === members.size;
}
