import { describeEvolution } from "../suites/evolution.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeEvolution(requireServers));
