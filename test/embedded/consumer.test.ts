import { describeConsumer } from "../suites/consumer.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeConsumer(requireEmbeddedServers));
