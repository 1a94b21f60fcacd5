import { errorCodes } from "../error-codes.ts";
import { elect, type Group, joinedAs, type Member, move, nothing } from "./group.ts";

/** Counts a member's session from now on again; at its end the member is out. */
export function renewSession(
  group: Group,
  member: Member,
  timeoutMs: number = member.sessionTimeoutMs,
): void {
  member.stopSession?.();
  member.stopSession = group.clock.schedule(timeoutMs, () => {
    // Who waits for the others cannot be heard. A newcomer has no id to be heard with, and may be long gone.
    const isWaiting = member.joining !== undefined || member.syncing !== undefined;
    if (member.isNew || !isWaiting) removeMember(group, member);
  });
}

/** Takes a member out, whatever it waits for, and lets the others share anew. */
export function removeMember(group: Group, member: Member): void {
  dismiss(group, member, errorCodes.unknownMemberId);
  prepareRebalance(group);
}

/** Answers what a member waits for, if anything, and forgets it. */
export function dismiss(group: Group, member: Member, code: number): void {
  group.members.delete(member.id);
  member.stopSession?.();
  const { joining, syncing } = member;
  member.joining = undefined;
  member.syncing = undefined;
  joining?.({ errorCode: code, memberId: member.id });
  syncing?.({ errorCode: code });
}

/** Sends everybody back to join. */
export function prepareRebalance(group: Group): void {
  if (group.state === "Empty") return;
  if (group.state !== "PreparingRebalance") {
    if (group.state === "CompletingRebalance") {
      for (const member of group.members.values()) member.assignment = nothing;
      answerSyncs(group, errorCodes.rebalanceInProgress);
    }
    move(group, "PreparingRebalance");
    giveTime(group, () => completeJoin(group));
  }
  completeJoinWhenReady(group);
}

/** The first members of a group without any wait a little for more to come. */
export function gather(group: Group): void {
  move(group, "PreparingRebalance");
  if (group.initialDelayMs === 0) completeJoin(group);
  else delayJoin(group, group.initialDelayMs, Math.max(longestRebalance(group) - group.initialDelayMs, 0));
}

/** Who comes in the meantime is a reason to wait once more, up to the rebalance timeout. */
function delayJoin(group: Group, delayMs: number, restMs: number): void {
  const known = new Set(group.members.keys());
  group.isGathering = true;
  group.stopWaiting = group.clock.schedule(delayMs, () => {
    const hasGrown = [...group.members.keys()].some((id) => !known.has(id));
    if (hasGrown) delayJoin(group, Math.min(group.initialDelayMs, restMs), Math.max(restMs - delayMs, 0));
    else completeJoin(group);
  });
}

/** Gives members the longest of their rebalance timeouts. */
function giveTime(group: Group, atEnd: () => void): void {
  group.stopWaiting?.();
  group.stopWaiting = group.clock.schedule(longestRebalance(group), atEnd);
}

/** Ids that were handed out are waited for, too, except by a group that gathers. */
export function completeJoinWhenReady(group: Group): void {
  if (group.state !== "PreparingRebalance" || group.isGathering || group.pending.size > 0) return;
  if ([...group.members.values()].every((member) => member.joining !== undefined)) completeJoin(group);
}

/** Ends the joining: who did not come is out, except static members. */
function completeJoin(group: Group): void {
  group.isGathering = false;
  group.stopWaiting?.();
  for (const member of [...group.members.values()])
    if (member.joining === undefined && member.instanceId === null)
      dismiss(group, member, errorCodes.unknownMemberId);
  const first = [...group.members.values()].find((member) => member.joining !== undefined);
  if (first === undefined && group.members.size > 0) {
    // Static members are away: their sessions decide when this ends.
    giveTime(group, () => completeJoin(group));
    return;
  }
  group.generation++;
  if (group.members.get(group.leader)?.joining === undefined) group.leader = first?.id ?? "";
  group.protocolName = elect(group);
  move(group, first === undefined ? "Empty" : "CompletingRebalance");
  if (first !== undefined) giveTime(group, () => dropLate(group));
  for (const member of group.members.values()) {
    const { joining } = member;
    Object.assign(member, { joining: undefined, isNew: false, isSyncDue: true });
    renewSession(group, member);
    joining?.(joinedAs(group, member));
  }
}

/** Members that do not fetch their part in time are out, static ones, too (KAFKA-9801). */
function dropLate(group: Group): void {
  for (const member of [...group.members.values()])
    if (member.isSyncDue) dismiss(group, member, errorCodes.unknownMemberId);
  prepareRebalance(group);
}

function longestRebalance(group: Group): number {
  return [...group.members.values()].reduce((most, member) => Math.max(most, member.rebalanceTimeoutMs), 0);
}

/** The leader has shared out the partitions. */
export function completeSync(group: Group, assignments: ReadonlyMap<string, Buffer>): void {
  for (const member of group.members.values()) member.assignment = assignments.get(member.id) ?? nothing;
  move(group, "Stable");
  answerSyncs(group, errorCodes.none);
}

function answerSyncs(group: Group, errorCode: number): void {
  for (const member of group.members.values()) {
    const { syncing, assignment } = member;
    if (syncing === undefined) continue;
    member.syncing = undefined;
    renewSession(group, member);
    syncing({ errorCode, assignment });
  }
}
