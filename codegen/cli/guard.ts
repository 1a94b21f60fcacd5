import { isRefused } from "../diagnostics-finding.ts";
import { countDiagnostics } from "../diagnostics-print.ts";
import type { CheckedModel } from "../index.ts";
import { formatFindings } from "./check/print.ts";
import { checkWithLock } from "./check.ts";
import type { Invocation } from "./command.ts";
import type { OpenProject } from "./load.ts";

/**
 * The project when `keryx check` has nothing against it; undefined after showing what it has. What is released or
 * registered cannot be taken back, so nothing goes past the check.
 */
export async function loadPassing(project: OpenProject, call: Invocation): Promise<CheckedModel | undefined> {
  const { findings, checked } = await checkWithLock(project, call);
  const { io } = call;
  if (findings.length > 0) {
    io.note(formatFindings(findings, { color: io.color.note, columns: io.columns ?? 120 }));
    io.note(`${countDiagnostics(findings)}\n`);
  }
  return isRefused(findings, false) ? undefined : checked;
}
