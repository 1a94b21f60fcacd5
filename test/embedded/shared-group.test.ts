import { describeSharedGroup } from "../suites/shared-group.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeSharedGroup(requireEmbeddedServers));
