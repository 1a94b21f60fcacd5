import type { Clock } from "../../../core/clock.ts";
import { errorCodes } from "../error-codes.ts";
import { type CommittedOffsets, createOffsets } from "./offsets.ts";

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What a member is told when a join ends. */
export interface Joined {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolName: string;
  readonly leader: string;
  readonly memberId: string;
  /** All members with their metadata, for the leader alone. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Buffer;
  }[];
}

export interface Synced {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

export interface Member {
  id: string;
  readonly instanceId: string | null;
  clientId: string;
  clientHost: string;
  protocols: readonly Protocol[];
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  assignment: Buffer;
  /** Answers the join that the member waits on. */
  joining?: ((joined: Joined) => void) | undefined;
  syncing?: ((synced: Synced) => void) | undefined;
  stopSession?: (() => void) | undefined;
}

/** A classic consumer group (KIP-62, KIP-345). Functions below move it; handlers are synchronous, so nobody sees it in between. */
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
  /** Ids that were handed out and have not joined yet, with what forgets them. */
  readonly pending: Map<string, () => void>;
  readonly offsets: CommittedOffsets;
  /** Ends a rebalance that not everybody takes part in. */
  stopRebalance?: (() => void) | undefined;
  /** True while an empty group waits for more members to come. */
  isGathering: boolean;
}

export const nothing: Buffer = Buffer.alloc(0);

export function createGroup(
  parts: Pick<Group, "id" | "clock" | "initialDelayMs" | "newId" | "changed">,
): Group {
  return {
    ...parts,
    state: "Empty",
    generation: 0,
    protocolType: "",
    protocolName: "",
    leader: "",
    members: new Map(),
    pending: new Map(),
    offsets: createOffsets(),
    isGathering: false,
  };
}

export function refusedJoin(errorCode: number, memberId = ""): Joined {
  return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
}

export function memberOfInstance(group: Group, instanceId: string | null): Member | undefined {
  return instanceId === null
    ? undefined
    : [...group.members.values()].find((member) => member.instanceId === instanceId);
}

/** 0 when a request may speak for a member, else why not. */
export function identify(group: Group, memberId: string, instanceId: string | null): number {
  if (group.state === "Dead") return errorCodes.unknownMemberId;
  if (instanceId !== null) {
    const holder = memberOfInstance(group, instanceId);
    if (holder === undefined) return errorCodes.unknownMemberId;
    return holder.id === memberId ? errorCodes.none : errorCodes.fencedInstanceId;
  }
  return group.members.has(memberId) ? errorCodes.none : errorCodes.unknownMemberId;
}

/** The answer for a member of the generation at hand. */
export function joinedAs(group: Group, member: Member): Joined {
  const isLeader = group.leader === member.id;
  return {
    errorCode: errorCodes.none,
    generationId: group.generation,
    protocolName: group.protocolName,
    leader: group.leader,
    memberId: member.id,
    members: isLeader
      ? [...group.members.values()].map(({ id, instanceId, protocols }) => ({
          memberId: id,
          groupInstanceId: instanceId,
          metadata: protocols.find((one) => one.name === group.protocolName)?.metadata ?? nothing,
        }))
      : [],
  };
}

/** Protocols that every member knows. */
export function commonProtocols(members: Iterable<Member>): ReadonlySet<string> {
  let common: ReadonlySet<string> | undefined;
  for (const { protocols } of members) {
    const names = protocols.map((protocol) => protocol.name);
    common = new Set(names.filter((name) => common?.has(name) ?? true));
  }
  return common ?? new Set();
}

/** The common protocol that most members put first. */
export function elect(group: Group): string {
  const common = commonProtocols(group.members.values());
  const votes = new Map<string, number>();
  for (const { protocols } of group.members.values()) {
    const first = protocols.find((protocol) => common.has(protocol.name))?.name;
    if (first !== undefined) votes.set(first, (votes.get(first) ?? 0) + 1);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}
