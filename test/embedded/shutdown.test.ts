import { describeShutdown } from "../suites/shutdown.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeShutdown(requireEmbeddedServers));
