import { describeJson } from "../suites/json.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeJson(requireServers));
