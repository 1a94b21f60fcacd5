import { describeEvents } from "../suites/events.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeEvents(requireServers));
