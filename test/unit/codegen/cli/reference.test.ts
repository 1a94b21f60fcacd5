import { expect } from "chai";
import { commands } from "../../../../codegen/cli/commands.ts";
import { checkReference, commandReference, lintReference } from "../../../../codegen/cli/reference.ts";
import { checkTable } from "../../../../codegen/diagnostics-check-rules.ts";
import { ruleTable } from "../../../../codegen/diagnostics-rules.ts";

describe("reference pages", () => {
  it("list every rule once, with severity, meaning and help", () => {
    const page = lintReference();
    for (const [id, { severity, meaning, help }] of Object.entries(ruleTable))
      expect(page.split(`| \`${id}\` | ${severity} | ${meaning} | ${help} |`), id).to.have.length(2);
  });

  it("list every rule of the comparison with a baseline once", () => {
    const page = checkReference();
    for (const [id, { severity, meaning, advice }] of Object.entries(checkTable))
      expect(page.split(`| \`${id}\` | ${severity} | ${meaning} | ${advice} |`), id).to.have.length(2);
  });

  it("list every command with its example and flags", () => {
    const page = commandReference();
    for (const { name, example } of commands)
      expect(page).to.include(`## \`keryx ${name}`).and.include(example);
    expect(page).to.include("`--project <folder>`");
  });
});
