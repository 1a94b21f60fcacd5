// Findings of `keryx check --format json` as GitLab's Code Quality report, which shows them in the merge request.
// Copy this file into your project, for example as ci/gitlab-code-quality.mjs.
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";

const { findings, error } = JSON.parse(await text(process.stdin));
if (error) throw new Error(error.message);

const report = findings.map(({ rule, severity, file, line, event, kind, path, message, advice }) => ({
  description: `${message} ${advice}`,
  check_name: rule,
  // The same finding keeps its fingerprint while its line moves.
  fingerprint: createHash("sha256")
    .update(JSON.stringify([rule, file, event, kind, path, message]))
    .digest("hex"),
  severity: severity === "error" ? "major" : "minor",
  location: { path: file, lines: { begin: line } },
}));
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
