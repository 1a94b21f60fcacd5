import { describeProcessFaults } from "../suites/process-faults.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeProcessFaults(requireEmbeddedServers));
