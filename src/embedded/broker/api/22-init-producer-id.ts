import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { int16, int32, int64, nullableString } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Without a transactional id: a fresh producer id. With one: the next epoch, which fences whoever had it before; an open
// transaction is aborted first, so the epoch moves by two.

export const initProducerId: Api = api(
  {
    key: 22,
    request: [nullableString("transactionalId"), int32("transactionTimeoutMs")],
    response: [
      int32("throttleTimeMs"),
      int16("errorCode"),
      int64("producerId", { absent: -1 }),
      int16("producerEpoch", { absent: -1 }),
    ],
  },
  ({ transactionalId, transactionTimeoutMs }, call) => {
    const { transactions, options } = call.cluster;
    const granted = (producerId: number, producerEpoch: number) => ({
      ...refused(errorCodes.none),
      producerId,
      producerEpoch,
    });
    if (transactionalId === null) return granted(transactions.newProducerId(), 0);
    const code = checkCoordinator(call, transactionalId, errorCodes.invalidRequest);
    if (code !== errorCodes.none) return refused(code);
    if (transactionTimeoutMs <= 0 || transactionTimeoutMs > options.maxTransactionTimeoutMs)
      return refused(errorCodes.invalidTransactionTimeout);
    const { producerId, epoch } = transactions.init(transactionalId, transactionTimeoutMs);
    return granted(producerId, epoch);
  },
);

function refused(errorCode: number) {
  return { errorCode, producerId: -1, producerEpoch: -1 };
}
