import { describeTransportFaults } from "../suites/transport-faults.ts";
import { openEmbedded } from "../support/fallible-cluster.ts";

describe("on the embedded brokers:", () => describeTransportFaults(openEmbedded));
