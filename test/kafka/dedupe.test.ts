import { describeDedupe } from "../suites/dedupe.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeDedupe(requireServers));
