import { describeReplay } from "../suites/replay.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeReplay(requireEmbeddedServers));
