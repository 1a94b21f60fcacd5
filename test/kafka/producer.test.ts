import { describeProducer } from "../suites/producer.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeProducer(requireServers));
