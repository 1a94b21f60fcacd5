import { describeSharedGroup } from "../suites/shared-group.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeSharedGroup(requireServers));
