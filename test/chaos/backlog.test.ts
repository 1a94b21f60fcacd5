import { backlog } from "../support/chaos/backlog.ts";
import { describeChaos } from "../support/chaos/describe.ts";

describeChaos([backlog]);
