import { describeRegister } from "../suites/register.ts";
import { requireOwnServers, startRegistry } from "../support/servers.ts";

describe("on Apicurio:", () =>
  describeRegister(async (test) => {
    await requireOwnServers(test);
    return startRegistry();
  }));
