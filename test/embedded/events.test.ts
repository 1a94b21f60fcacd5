import { describeEvents } from "../suites/events.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeEvents(requireEmbeddedServers));
