import { describeBatches } from "../suites/batch.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeBatches(requireEmbeddedServers));
