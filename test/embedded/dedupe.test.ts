import { describeDedupe } from "../suites/dedupe.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeDedupe(requireEmbeddedServers));
