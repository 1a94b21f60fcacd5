import { describeEvolution } from "../suites/evolution.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeEvolution(requireEmbeddedServers));
