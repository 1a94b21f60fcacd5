import { describeProcessFaults } from "../../suites/process-faults.ts";
import { requireServers } from "../../support/servers.ts";

// Kills, outages and shutdowns have suites of their own beside this one.
describe("on Kafka:", () =>
  describeProcessFaults(requireServers, [
    "a member frozen",
    "workers that are restarted",
    "a team that grows",
  ]));
