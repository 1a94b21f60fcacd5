import { describeKills } from "../../suites/kills.ts";
import { requireServers } from "../../support/servers.ts";

describe("on real Kafka:", () =>
  describeKills(requireServers, { kills: 10, total: 20_000, perSecond: 1_000 }));
