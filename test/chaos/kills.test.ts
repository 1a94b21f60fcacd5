import { describeChaos } from "../support/chaos/describe.ts";
import { kills } from "../support/chaos/kills.ts";

describeChaos([kills]);
