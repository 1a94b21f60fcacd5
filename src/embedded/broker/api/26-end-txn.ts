import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { bool, int16, int32, int64, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Writes a marker, which takes one offset, into each partition. Asked again with the same end it says yes, with the other
// one 48.

export const endTxn: Api = api(
  {
    key: 26,
    request: [string("transactionalId"), int64("producerId"), int16("producerEpoch"), bool("committed")],
    response: [int32("throttleTimeMs"), int16("errorCode")],
  },
  (request, call) => ({
    errorCode:
      checkCoordinator(call, request.transactionalId, errorCodes.invalidRequest) ||
      call.cluster.transactions.end(request, request.committed),
  }),
);
