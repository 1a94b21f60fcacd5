import { describeConsumer } from "../suites/consumer.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeConsumer(requireServers));
