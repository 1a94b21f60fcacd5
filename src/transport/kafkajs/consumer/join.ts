import { systemClock } from "../../../core/clock.ts";
import type { Broker } from "../cluster.ts";
import { hasErrorName, kafkaCodeOf } from "../errors.ts";
import { retryWhile } from "../retry.ts";

/** What kafkajs throws when a broker cannot be reached, or its connection ends, or no answer comes. */
export const silentNames = [
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
] as const;
/** A member that the coordinator does not know. */
export const unknownMember = 25;
const notCoordinator = {
  name: "KafkaJSProtocolError",
  type: "NOT_COORDINATOR_FOR_GROUP",
  code: 16,
  retriable: true,
};
const coordinatorLoading = 14;
const joinGroupApi = 11;
const retryMs = 200;

/** What kafkajs answers by looking for the coordinator and joining again, in place of its own answer to silence. */
export function asNotCoordinator(error: unknown): unknown {
  return hasErrorName(error, ...silentNames)
    ? Object.assign(new Error("the coordinator does not answer"), notCoordinator, { cause: error })
    : error;
}

/**
 * Has a member join again as itself when its connection ends in between. kafkajs gives up there, and who comes in its
 * place is a new member, which has to wait until the session of the old one is over.
 */
export function createJoining(isStopping: () => boolean, patienceMs: number): (broker: Broker) => void {
  // What the coordinator gave to a join that has not been answered yet.
  let memberId = "";
  const isLoading = (error: unknown): boolean => kafkaCodeOf(error) === coordinatorLoading && !isStopping();
  return (broker) => {
    const { connectionPool } = broker;
    const send = connectionPool.send.bind(connectionPool);
    connectionPool.send = (request) =>
      isJoin(request)
        ? send(request).catch((error: { name?: string; memberId?: string }) => {
            if (error.name === "KafkaJSMemberIdRequired") memberId = error.memberId ?? "";
            throw error;
          })
        : send(request);
    const join = broker.joinGroup.bind(broker);
    broker.joinGroup = async (request) => {
      try {
        const again = (): Promise<unknown> => join({ ...request, memberId: request.memberId || memberId });
        // A coordinator that just took over reads its groups first; kafkajs would crash on its answer.
        const joined = await retryWhile(systemClock, again, isLoading, { patienceMs, everyMs: retryMs });
        memberId = "";
        return joined;
      } catch (error) {
        if (kafkaCodeOf(error) === unknownMember) memberId = "";
        throw asNotCoordinator(error);
      }
    };
  };
}

function isJoin(request: unknown): boolean {
  return (request as { request?: { apiKey?: number } }).request?.apiKey === joinGroupApi;
}
