import { describeChaos } from "../support/chaos/describe.ts";
import { members, rebalances } from "../support/chaos/members.ts";

describeChaos([members, rebalances]);
