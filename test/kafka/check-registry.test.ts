import { describeCheckRegistry } from "../suites/check-registry.ts";
import { requireOwnServers, startRegistry } from "../support/servers.ts";

describe("on Apicurio:", () =>
  describeCheckRegistry(
    async (test) => {
      await requireOwnServers(test);
      return startRegistry();
    },
    { isApicurio: true },
  ));
