import { errorCodes } from "../error-codes.ts";
import {
  elect,
  type Group,
  identify,
  isSupported,
  type Joined,
  joinedAs,
  type Member,
  memberOfInstance,
  nothing,
  type Protocol,
  type Synced,
} from "./group.ts";
import {
  completeJoinWhenReady,
  completeSync,
  dismiss,
  gather,
  prepareRebalance,
  renewSession,
} from "./rebalance.ts";

export interface JoinRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  readonly protocols: readonly Protocol[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** A first join gets an id and is to come again with it (KIP-394). */
  readonly requiresMemberId: boolean;
}

type Answer = (joined: Joined) => void;

/** How long a newcomer may wait for the others: nobody notices when it is gone (KAFKA-7610). */
const newcomerTimeoutMs = 300_000;

/** Takes a member in, or back in; `answer` is called at once or when the rebalance ends. */
export function join(group: Group, request: JoinRequest, answer: Answer): void {
  const { memberId, groupInstanceId: instanceId, protocolType, protocols } = request;
  if (!isSupported(group, protocolType, protocols)) {
    answer({ errorCode: errorCodes.inconsistentGroupProtocol, memberId });
    return;
  }
  const holder = memberOfInstance(group, instanceId);
  const newId = (): string => `${instanceId ?? request.clientId}-${group.newId()}`;
  if (memberId !== "") {
    const isNew = instanceId === null && takePending(group, memberId);
    const member = isNew ? undefined : identify(group, memberId, instanceId);
    if (member === undefined) add(group, memberId, request, answer);
    else if (typeof member === "number") answer({ errorCode: member, memberId });
    else rejoin(group, member, request, answer);
  } else if (holder !== undefined) replaceStatic(group, holder, newId(), request, answer);
  else if (request.requiresMemberId && instanceId === null) reserve(group, newId(), request, answer);
  else add(group, newId(), request, answer);
}

/** Hands out an id and forgets it when nobody comes with it in time. */
function reserve(group: Group, id: string, { sessionTimeoutMs }: JoinRequest, answer: Answer): void {
  const stop = group.clock.schedule(sessionTimeoutMs, () => {
    group.pending.delete(id);
    completeJoinWhenReady(group);
  });
  group.pending.set(id, stop);
  answer({ errorCode: errorCodes.memberIdRequired, memberId: id });
}

/** True when this id was handed out and has not joined yet; from now on it is no longer waited for. */
function takePending(group: Group, id: string): boolean {
  group.pending.get(id)?.();
  return group.pending.delete(id);
}

function add(group: Group, id: string, request: JoinRequest, answer: Answer): void {
  const { groupInstanceId: instanceId, clientId, clientHost } = request;
  const member: Member = {
    ...{ id, instanceId, clientId, clientHost, ...settingsOf(request) },
    ...{ assignment: nothing, isNew: true, isSyncDue: false, joining: answer },
  };
  if (group.members.size === 0) group.protocolType = request.protocolType;
  group.members.set(id, member);
  renewSession(group, member, newcomerTimeoutMs);
  if (group.state === "Empty") gather(group);
  else prepareRebalance(group);
}

function rejoin(group: Group, member: Member, request: JoinRequest, answer: Answer): void {
  const isFollower = group.leader !== member.id;
  const isDone = group.state === "CompletingRebalance" || (group.state === "Stable" && isFollower);
  // Who lost the answer asks again; a leader, or a member with other metadata, wants the sharing done anew.
  if (isDone && hasSameProtocols(member, request.protocols)) answer(joinedAs(group, member));
  else {
    Object.assign(member, settingsOf(request));
    awaitJoin(group, member, answer);
  }
}

function awaitJoin(group: Group, member: Member, answer: Answer): void {
  // The connection that asked before is gone, as a client has one join under way.
  member.joining?.({ errorCode: errorCodes.rebalanceInProgress, memberId: member.id });
  member.joining = answer;
  prepareRebalance(group);
}

/** A static member that was started again takes the place of the old one, which is fenced (KIP-345). */
function replaceStatic(group: Group, old: Member, id: string, request: JoinRequest, answer: Answer): void {
  dismiss(group, old, errorCodes.fencedInstanceId);
  const member: Member = { ...old, id, isNew: false, ...settingsOf(request) };
  group.members.set(id, member);
  renewSession(group, member);
  const leader = group.leader;
  if (leader === old.id) group.leader = id;
  // Told of the old leader even where it leads itself, so that it fetches its part and shares nothing out.
  if (group.state === "Stable" && elect(group) === group.protocolName)
    answer({ ...joinedAs(group, member), leader, members: [] });
  else awaitJoin(group, member, answer);
}

function settingsOf({ protocols, sessionTimeoutMs, rebalanceTimeoutMs }: JoinRequest) {
  return { protocols, sessionTimeoutMs, rebalanceTimeoutMs };
}

function hasSameProtocols(member: Member, protocols: readonly Protocol[]): boolean {
  const isSame = ({ name, metadata }: Protocol, index: number): boolean =>
    protocols[index]?.name === name && protocols[index].metadata.equals(metadata);
  return member.protocols.length === protocols.length && member.protocols.every(isSame);
}

/** Who speaks, as which member, in which generation. */
export interface Speaker {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

/** The member when it speaks in the generation at hand, else the code that says why it may not. */
function identifyNow(group: Group, { memberId, groupInstanceId, generationId }: Speaker): Member | number {
  const member = identify(group, memberId, groupInstanceId);
  if (typeof member === "number") return member;
  return generationId === group.generation ? member : errorCodes.illegalGeneration;
}

/** Gives a member its part, at once or when the leader has shared out; only a leader brings `assignments`. */
export function sync(
  group: Group,
  speaker: Speaker,
  assignments: ReadonlyMap<string, Buffer>,
  answer: (synced: Synced) => void,
): void {
  const member = identifyNow(group, speaker);
  if (typeof member === "number") answer({ errorCode: member });
  else if (group.state === "PreparingRebalance") answer({ errorCode: errorCodes.rebalanceInProgress });
  else {
    member.isSyncDue = false;
    if (![...group.members.values()].some((one) => one.isSyncDue)) group.stopWaiting?.();
    if (group.state === "Stable") answer({ errorCode: errorCodes.none, assignment: member.assignment });
    else {
      member.syncing?.({ errorCode: errorCodes.rebalanceInProgress });
      member.syncing = answer;
      if (group.leader === member.id) completeSync(group, assignments);
    }
  }
}

/** 0 for a member that may go on, 27 for one that is to join again. */
export function heartbeat(group: Group, speaker: Speaker): number {
  const member = identifyNow(group, speaker);
  if (typeof member === "number") return member;
  renewSession(group, member);
  return group.state === "PreparingRebalance" ? errorCodes.rebalanceInProgress : errorCodes.none;
}

/** Takes one member out at its own wish, or at that of an operator who names its instance. */
export function leave(group: Group, memberId: string, instanceId: string | null): number {
  const holder = memberId === "" ? memberOfInstance(group, instanceId) : undefined;
  const member = takePending(group, memberId) ? undefined : (holder ?? identify(group, memberId, instanceId));
  if (typeof member === "number") return member;
  if (member !== undefined) dismiss(group, member, errorCodes.unknownMemberId);
  // Also behind an id that had not joined yet, as in Kafka.
  prepareRebalance(group);
  return errorCodes.none;
}

/** 0 when offsets may be committed now. Offsets of a transaction need no name, and do not wait for a rebalance. */
export function checkCommit(group: Group | undefined, speaker: Speaker, isTransactional = false): number {
  const { generationId, memberId, groupInstanceId } = speaker;
  if (group === undefined) return generationId < 0 ? errorCodes.none : errorCodes.illegalGeneration;
  // Nobody is a member: offsets of a client that shares its partitions out by itself.
  if (generationId < 0 && group.state === "Empty") return errorCodes.none;
  const isNamed = generationId >= 0 || memberId !== "" || groupInstanceId !== null;
  if (!isNamed) return isTransactional ? errorCodes.none : errorCodes.unknownMemberId;
  const member = identifyNow(group, speaker);
  if (typeof member === "number") return member;
  if (isTransactional) return errorCodes.none;
  if (group.state === "CompletingRebalance") return errorCodes.rebalanceInProgress;
  renewSession(group, member);
  return errorCodes.none;
}
