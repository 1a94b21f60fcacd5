import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { int16, int32, int64, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Names the group whose offsets TxnOffsetCommit will bring.

export const addOffsetsToTxn: Api = api(
  {
    key: 25,
    request: [string("transactionalId"), int64("producerId"), int16("producerEpoch"), string("groupId")],
    response: [int32("throttleTimeMs"), int16("errorCode")],
  },
  (request, call) => {
    const { transactions } = call.cluster;
    const { transactionalId, groupId } = request;
    const errorCode =
      checkCoordinator(call, transactionalId, errorCodes.invalidRequest) || transactions.check(request);
    if (errorCode === errorCodes.none) transactions.addGroup(transactionalId, groupId);
    return { errorCode };
  },
);
