import { describeProducerFaults } from "../suites/producer-faults.ts";
import { openEmbedded } from "../support/fallible-cluster.ts";

describe("on the embedded brokers:", () => describeProducerFaults(openEmbedded));
