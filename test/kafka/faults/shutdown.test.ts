import { describeShutdown } from "../../suites/shutdown.ts";
import { requireServers } from "../../support/servers.ts";

describe("on Kafka:", () => describeShutdown(requireServers));
