import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { bool, int16, int32, int64, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Writes a marker, which takes one offset, into each partition. Asked again with the same end it says yes, with the other
// one 48.

const request = [string("transactionalId"), int64("producerId"), int16("producerEpoch"), bool("committed")];
const response = [int32("throttleTimeMs"), int16("errorCode")];

export const endTxn: Api = api({ key: 26, request, response }, (asked, call) => ({
  errorCode:
    checkCoordinator(call, asked.transactionalId, errorCodes.invalidRequest) ||
    call.cluster.transactions.end(asked, asked.committed),
}));
