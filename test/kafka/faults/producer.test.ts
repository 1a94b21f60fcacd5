import { describeProducerFaults } from "../../suites/producer-faults.ts";
import { openKafka } from "../../support/fallible-cluster.ts";

describe("on Kafka:", () => describeProducerFaults(openKafka));
