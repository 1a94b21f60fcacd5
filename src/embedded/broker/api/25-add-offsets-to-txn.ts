import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { int16, int32, int64, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Names the group whose offsets TxnOffsetCommit will bring.

const request = [string("transactionalId"), int64("producerId"), int16("producerEpoch"), string("groupId")];
const response = [int32("throttleTimeMs"), int16("errorCode")];

export const addOffsetsToTxn: Api = api({ key: 25, request, response }, (asked, call) => {
  const { transactions } = call.cluster;
  const { transactionalId, groupId } = asked;
  const errorCode =
    checkCoordinator(call, transactionalId, errorCodes.invalidRequest) || transactions.check(asked);
  if (errorCode === errorCodes.none) transactions.add(transactionalId, [groupId]);
  return { errorCode };
});
