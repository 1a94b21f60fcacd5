import type { PrintMessages } from "../../emit/protobuf/messages.ts";
import type { Target } from "../../project.ts";
import type { OpenProject } from "../load.ts";
import { loadManifest } from "../package.ts";

/** What a run that watches keeps from one to the next. */
export interface Standing {
  readonly printMessages: PrintMessages;
  /** The first run has printed everything. */
  hasPrinted: boolean;
}

// In a checkout the generator's version does not say which generator it is: there nothing may be left out.
export const isReleased: boolean = !import.meta.url.endsWith(".ts");

/** Where a run writes, and which generator it is. */
export const targetOf = (project: OpenProject, standing?: Standing): Target => ({
  out: project.out,
  generator: `keryx ${loadManifest().version}`,
  reprint: !isReleased && standing?.hasPrinted !== true,
  ...(standing === undefined ? {} : { printMessages: standing.printMessages }),
});
