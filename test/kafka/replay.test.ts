import { describeReplay } from "../suites/replay.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeReplay(requireServers));
