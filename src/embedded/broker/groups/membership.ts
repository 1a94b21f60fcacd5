import { errorCodes } from "../error-codes.ts";
import {
  commonProtocols,
  type Group,
  identify,
  type Joined,
  joinedAs,
  type Member,
  memberOfInstance,
  nothing,
  type Protocol,
  refusedJoin,
  type Synced,
} from "./group.ts";
import {
  awaitJoin,
  completeJoinWhenReady,
  completeSync,
  dismiss,
  prepareRebalance,
  removeMember,
  renewSession,
} from "./rebalance.ts";

export interface JoinRequest {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  readonly protocols: readonly Protocol[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** A first join gets an id and is to come again with it (KIP-394). */
  readonly requiresMemberId: boolean;
}

/** Takes a member in, or back in; `answer` is called at once or when the rebalance ends. */
export function join(group: Group, request: JoinRequest, answer: (joined: Joined) => void): void {
  const refusal = refusalOf(group, request);
  if (refusal !== undefined) answer(refusal);
  else if (request.memberId === "") joinNew(group, request, answer);
  else joinAgain(group, request, answer);
}

function refusalOf(
  group: Group,
  { memberId, instanceId, protocolType, protocols }: JoinRequest,
): Joined | undefined {
  const others = [...group.members.values()].filter(
    (member) => member.id !== memberId && (instanceId === null || member.instanceId !== instanceId),
  );
  const isOtherType = others.length > 0 && group.protocolType !== protocolType;
  const common = commonProtocols(others);
  const isApart = others.length > 0 && !protocols.some((protocol) => common.has(protocol.name));
  if (protocolType === "" || protocols.length === 0 || isOtherType || isApart)
    return refusedJoin(errorCodes.inconsistentGroupProtocol, memberId);
  if (memberId === "" || (instanceId === null && group.pending.has(memberId))) return undefined;
  const code = identify(group, memberId, instanceId);
  return code === errorCodes.none ? undefined : refusedJoin(code, memberId);
}

function joinNew(group: Group, request: JoinRequest, answer: (joined: Joined) => void): void {
  const { instanceId } = request;
  const holder = memberOfInstance(group, instanceId);
  const id = `${instanceId ?? (request.clientId || "member")}-${group.newId()}`;
  if (holder !== undefined) replaceStatic(group, holder, request, answer);
  else if (!request.requiresMemberId || instanceId !== null) add(group, id, request, answer);
  else reserve(group, id, request, answer);
}

/** Hands out an id and forgets it when nobody comes with it in time. */
function reserve(group: Group, id: string, request: JoinRequest, answer: (joined: Joined) => void): void {
  const stop = group.clock.schedule(request.sessionTimeoutMs, () => {
    group.pending.delete(id);
    completeJoinWhenReady(group);
  });
  group.pending.set(id, stop);
  answer(refusedJoin(errorCodes.memberIdRequired, id));
}

function joinAgain(group: Group, request: JoinRequest, answer: (joined: Joined) => void): void {
  const stopPending = group.pending.get(request.memberId);
  if (stopPending !== undefined) {
    stopPending();
    group.pending.delete(request.memberId);
    add(group, request.memberId, request, answer);
    return;
  }
  const member = group.members.get(request.memberId);
  if (member === undefined) answer(refusedJoin(errorCodes.unknownMemberId, request.memberId));
  else rejoin(group, member, request, answer);
}

function rejoin(group: Group, member: Member, request: JoinRequest, answer: (joined: Joined) => void): void {
  const isSame = hasSameProtocols(member, request.protocols);
  Object.assign(member, settingsOf(request));
  const isLeader = group.leader === member.id;
  // Somebody who lost the answer asks again; everybody else wants a new share.
  if (isSame && (group.state === "CompletingRebalance" || (group.state === "Stable" && !isLeader))) {
    renewSession(group, member);
    answer(joinedAs(group, member));
    return;
  }
  awaitJoin(member, answer);
  prepareRebalance(group);
}

function add(group: Group, id: string, request: JoinRequest, answer: (joined: Joined) => void): void {
  const member: Member = {
    id,
    instanceId: request.instanceId,
    assignment: nothing,
    ...settingsOf(request),
  };
  if (group.members.size === 0) group.protocolType = request.protocolType;
  group.members.set(id, member);
  awaitJoin(member, answer);
  prepareRebalance(group);
}

/** A static member that was started again takes the place of the old one, which is fenced (KIP-345). */
function replaceStatic(
  group: Group,
  old: Member,
  request: JoinRequest,
  answer: (joined: Joined) => void,
): void {
  const leaderBefore = group.leader;
  dismiss(old, errorCodes.fencedInstanceId);
  group.members.delete(old.id);
  const member: Member = {
    id: `${old.instanceId}-${group.newId()}`,
    instanceId: old.instanceId,
    assignment: old.assignment,
    ...settingsOf(request),
  };
  group.members.set(member.id, member);
  if (group.leader === old.id) group.leader = member.id;
  if (group.state === "Stable" && hasSameProtocols(old, request.protocols)) {
    renewSession(group, member);
    // Named a follower even where it leads, so that it fetches its part and shares nothing out.
    answer({ ...joinedAs(group, member), leader: leaderBefore, members: [] });
    return;
  }
  awaitJoin(member, answer);
  prepareRebalance(group);
}

function settingsOf(request: JoinRequest) {
  const { clientId, clientHost, protocols, sessionTimeoutMs, rebalanceTimeoutMs } = request;
  return { clientId, clientHost, protocols, sessionTimeoutMs, rebalanceTimeoutMs };
}

function hasSameProtocols(member: Member, protocols: readonly Protocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every(({ name, metadata }, index) => {
      const other = protocols[index];
      return other?.name === name && other.metadata.equals(metadata);
    })
  );
}

/** Whoever asked is gone: nobody reads the answer, and the session counts again. */
export function forgetWaiter(group: Group, answer: unknown): void {
  for (const member of group.members.values()) {
    if (member.joining !== answer && member.syncing !== answer) continue;
    member.joining = undefined;
    member.syncing = undefined;
    renewSession(group, member);
  }
}

/** 0 when a member of the generation at hand asks. */
export function identifyInGeneration(
  group: Group,
  memberId: string,
  generation: number,
  instanceId: string | null,
): number {
  const code = identify(group, memberId, instanceId);
  if (code !== errorCodes.none) return code;
  return generation === group.generation ? errorCodes.none : errorCodes.illegalGeneration;
}

export interface SyncRequest {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  /** From the leader; others send none. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

export function sync(group: Group, request: SyncRequest, answer: (synced: Synced) => void): void {
  const { memberId, generation, instanceId } = request;
  const code = identifyInGeneration(group, memberId, generation, instanceId);
  const member = group.members.get(memberId);
  const refuse = (errorCode: number): void => answer({ errorCode, assignment: nothing });
  if (code !== errorCodes.none || member === undefined) {
    refuse(code || errorCodes.unknownMemberId);
    return;
  }
  renewSession(group, member);
  if (group.state === "Stable") answer({ errorCode: errorCodes.none, assignment: member.assignment });
  else if (group.state !== "CompletingRebalance") refuse(errorCodes.rebalanceInProgress);
  else {
    member.syncing?.({ errorCode: errorCodes.rebalanceInProgress, assignment: nothing });
    member.syncing = answer;
    if (group.leader === memberId) completeSync(group, request.assignments);
  }
}

export function heartbeat(
  group: Group,
  memberId: string,
  generation: number,
  instanceId: string | null,
): number {
  const code = identifyInGeneration(group, memberId, generation, instanceId);
  const member = group.members.get(memberId);
  if (code !== errorCodes.none || member === undefined) return code || errorCodes.unknownMemberId;
  renewSession(group, member);
  return group.state === "PreparingRebalance" ? errorCodes.rebalanceInProgress : errorCodes.none;
}

/** Takes one member out at its own wish, or at that of an operator who names its instance. */
export function leave(group: Group, memberId: string, instanceId: string | null): number {
  const holder = memberOfInstance(group, instanceId);
  if (instanceId !== null && memberId === "" && holder !== undefined) {
    removeMember(group, holder);
    return errorCodes.none;
  }
  const stopPending = group.pending.get(memberId);
  if (stopPending !== undefined) {
    stopPending();
    group.pending.delete(memberId);
    completeJoinWhenReady(group);
    return errorCodes.none;
  }
  const code = identify(group, memberId, instanceId);
  const member = group.members.get(memberId);
  if (code === errorCodes.none && member !== undefined) removeMember(group, member);
  return code;
}
