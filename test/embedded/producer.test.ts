import { describeProducer } from "../suites/producer.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeProducer(requireEmbeddedServers));
