import { describeTransport } from "../suites/transport-kafkajs.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeTransport(requireEmbeddedServers));
