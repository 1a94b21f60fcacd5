import { describeTransportFaults } from "../../suites/transport-faults.ts";
import { openKafka } from "../../support/fallible-cluster.ts";

describe("on Kafka:", () => describeTransportFaults(openKafka));
