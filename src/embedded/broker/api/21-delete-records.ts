import { errorCodes } from "../error-codes.ts";
import { byTopic, int16, int32, int64 } from "../wire/schema.ts";
import { type Api, api, eachPartition } from "./api.ts";

// Moves the start of the log; −1 means up to the high watermark.

const request = [byTopic([int32("index"), int64("offset")]), int32("timeoutMs")];
const response = [
  int32("throttleTimeMs"),
  byTopic([int32("index"), int64("lowWatermark", { absent: -1 }), int16("errorCode")]),
];

export const deleteRecords: Api = api({ key: 21, request, response }, ({ topics }, call) => ({
  topics: eachPartition(topics, (topic, { index, offset }) => {
    const found = call.cluster.led(call.broker, topic, index);
    if (typeof found === "number") return { index, errorCode: found };
    const { batches } = found.log;
    const target = offset === -1 ? batches.endOffset : offset;
    if (target < 0 || target > batches.endOffset) return { index, errorCode: errorCodes.offsetOutOfRange };
    batches.truncateBefore(target);
    return { index, lowWatermark: batches.startOffset };
  }),
}));
