import { describeSerde } from "../suites/serde.ts";
import { requireServers } from "../support/servers.ts";

describe("on Kafka:", () => describeSerde(requireServers));
