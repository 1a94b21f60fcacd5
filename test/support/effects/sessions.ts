import type { DevBroker } from "keryx/testing";
import { toRetryGroup } from "../../../src/core/topic-names.ts";

/** Ends the sessions of a client that was killed, as their timeout would. */
export function endSessions(broker: DevBroker, group: string, client: string): void {
  for (const id of [group, toRetryGroup(group)])
    for (const member of broker.group(id)?.members ?? [])
      if (member.clientId === client) broker.expireSession(id, member.id);
}
