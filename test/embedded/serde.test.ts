import { describeSerde } from "../suites/serde.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeSerde(requireEmbeddedServers));
