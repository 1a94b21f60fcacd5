import type { DevBroker } from "keryx/testing";
import { toRetryGroup } from "../../../src/core/topic-names.ts";
import { connectWire } from "../embedded-wire.ts";
import { withAdmin } from "../servers.ts";

/** Ends the sessions of a client that was killed, as their timeout would. */
export function endSessions(broker: DevBroker, group: string, client: string): void {
  for (const id of [group, toRetryGroup(group)])
    for (const member of broker.group(id)?.members ?? [])
      if (member.clientId === client) broker.expireSession(id, member.id);
}

/** The same on real brokers, as an operator does who takes a dead member out of its group. */
export async function removeMembers(
  brokers: readonly string[],
  group: string,
  client: string,
): Promise<void> {
  const { groups } = await withAdmin(
    brokers,
    (admin) => admin.describeGroups([group, toRetryGroup(group)]),
    5,
  );
  for (const address of brokers) {
    const wire = await connectWire(address);
    // Only the group's coordinator listens.
    for (const { groupId, members } of groups)
      for (const { clientId, memberId } of members)
        if (clientId === client) await wire.ask("LeaveGroup", 1, { groupId, memberId });
    wire.close();
  }
}
