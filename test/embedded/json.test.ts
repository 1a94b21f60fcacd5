import { describeJson } from "../suites/json.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";

describe("on the embedded servers:", () => describeJson(requireEmbeddedServers));
