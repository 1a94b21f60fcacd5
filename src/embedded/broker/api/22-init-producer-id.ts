import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { int16, int32, int64, nullableString } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Without a transactional id: a fresh producer id. With one: the next epoch, which fences whoever had it before; an open
// transaction is aborted first, so the epoch moves by two.

const request = [nullableString("transactionalId"), int32("transactionTimeoutMs")];
const response = [
  int32("throttleTimeMs"),
  int16("errorCode"),
  int64("producerId", { absent: -1 }),
  int16("producerEpoch", { absent: -1 }),
];

export const initProducerId: Api = api(
  { key: 22, request, response },
  ({ transactionalId, transactionTimeoutMs }, call) => {
    const { transactions, options } = call.cluster;
    if (transactionalId === null) return { producerId: transactions.newProducerId(), producerEpoch: 0 };
    const errorCode = checkCoordinator(call, transactionalId, errorCodes.invalidRequest);
    if (errorCode !== errorCodes.none) return { errorCode };
    if (transactionTimeoutMs <= 0 || transactionTimeoutMs > options.maxTransactionTimeoutMs)
      return { errorCode: errorCodes.invalidTransactionTimeout };
    return transactions.init(transactionalId, transactionTimeoutMs);
  },
);
