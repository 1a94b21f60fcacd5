import { describeTransport } from "../suites/transport-kafkajs.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeTransport(requireServers));
