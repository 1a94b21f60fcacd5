import { errorCodes } from "../error-codes.ts";
import { elect, type Group, joinedAs, type Member, nothing, refusedJoin } from "./group.ts";

/** Counts a member's session from now on again; at its end the member is out. */
export function renewSession(group: Group, member: Member): void {
  member.stopSession?.();
  member.stopSession = group.clock.schedule(member.sessionTimeoutMs, () => removeMember(group, member));
}

/** A member waits for the others, so its silence means nothing. */
function suspendSession(member: Member): void {
  member.stopSession?.();
  member.stopSession = undefined;
}

/** Takes a member out, whatever it waits for, and lets the others share anew. */
export function removeMember(group: Group, member: Member, code: number = errorCodes.unknownMemberId): void {
  if (group.members.get(member.id) !== member) return;
  dismiss(member, code);
  group.members.delete(member.id);
  if (group.leader === member.id) group.leader = "";
  if (group.state === "PreparingRebalance") completeJoinWhenReady(group);
  else if (group.state === "Stable" || group.state === "CompletingRebalance") prepareRebalance(group);
}

/** Answers what a member waits for, if anything, and stops its clock. */
export function dismiss(member: Member, code: number): void {
  suspendSession(member);
  const { joining, syncing } = member;
  member.joining = undefined;
  member.syncing = undefined;
  joining?.(refusedJoin(code, member.id));
  syncing?.({ errorCode: code, assignment: nothing });
}

/** Parks a join until the rebalance ends. */
export function awaitJoin(member: Member, answer: NonNullable<Member["joining"]>): void {
  suspendSession(member);
  member.joining?.(refusedJoin(errorCodes.rebalanceInProgress, member.id));
  member.joining = answer;
}

/** Sends everybody back to join. */
export function prepareRebalance(group: Group): void {
  if (group.state === "PreparingRebalance") {
    completeJoinWhenReady(group);
    return;
  }
  if (group.state === "CompletingRebalance")
    for (const member of group.members.values()) {
      member.assignment = nothing;
      const { syncing } = member;
      member.syncing = undefined;
      syncing?.({ errorCode: errorCodes.rebalanceInProgress, assignment: nothing });
      if (syncing !== undefined) renewSession(group, member);
    }
  group.isGathering = group.state === "Empty" && group.initialDelayMs > 0;
  move(group, "PreparingRebalance");
  group.stopRebalance?.();
  const waitMs = group.isGathering ? group.initialDelayMs : longestRebalance(group);
  group.stopRebalance = group.clock.schedule(waitMs, () => completeJoin(group));
  completeJoinWhenReady(group);
}

export function completeJoinWhenReady(group: Group): void {
  if (group.state !== "PreparingRebalance" || group.isGathering || group.pending.size > 0) return;
  if ([...group.members.values()].every((member) => member.joining !== undefined)) completeJoin(group);
}

/** Ends the joining: who did not come is out, except static members, whose session decides. */
function completeJoin(group: Group): void {
  group.isGathering = false;
  group.stopRebalance?.();
  for (const member of [...group.members.values()])
    if (member.joining === undefined && member.instanceId === null) {
      dismiss(member, errorCodes.unknownMemberId);
      group.members.delete(member.id);
    }
  const joined = [...group.members.values()].filter((member) => member.joining !== undefined);
  const [first] = joined;
  if (first === undefined && group.members.size > 0) {
    // Static members are away: their sessions decide when this ends.
    group.stopRebalance = group.clock.schedule(longestRebalance(group), () => completeJoin(group));
    return;
  }
  group.generation++;
  if (first === undefined) {
    group.leader = "";
    group.protocolName = "";
    move(group, "Empty");
    return;
  }
  if (!joined.some((member) => member.id === group.leader)) group.leader = first.id;
  group.protocolName = elect(group);
  move(group, "CompletingRebalance");
  awaitSync(group);
  for (const member of group.members.values()) {
    const { joining } = member;
    member.joining = undefined;
    if (joining === undefined) continue;
    renewSession(group, member);
    joining(joinedAs(group, member));
  }
}

function longestRebalance(group: Group): number {
  return Math.max(0, ...[...group.members.values()].map((member) => member.rebalanceTimeoutMs));
}

/** Members that do not fetch their part in time are out (KAFKA-9801). */
function awaitSync(group: Group): void {
  group.stopRebalance = group.clock.schedule(longestRebalance(group), () => {
    if (group.state !== "CompletingRebalance") return;
    for (const member of [...group.members.values()])
      if (member.syncing === undefined) removeMember(group, member);
  });
}

/** The leader has shared out the partitions. */
export function completeSync(group: Group, assignments: ReadonlyMap<string, Buffer>): void {
  group.stopRebalance?.();
  move(group, "Stable");
  for (const member of group.members.values()) {
    member.assignment = assignments.get(member.id) ?? nothing;
    const { syncing } = member;
    member.syncing = undefined;
    if (syncing === undefined) continue;
    renewSession(group, member);
    syncing({ errorCode: errorCodes.none, assignment: member.assignment });
  }
}

export function move(group: Group, state: Group["state"]): void {
  group.state = state;
  group.changed(group);
}
