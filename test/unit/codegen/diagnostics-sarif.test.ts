import { expect } from "chai";
import { type Finding, find } from "../../../codegen/diagnostics-finding.ts";
import { formatGithub } from "../../../codegen/diagnostics-github.ts";
import { formatSarif } from "../../../codegen/diagnostics-sarif.ts";

const at = { file: "a%b, c:d/é#?.proto", line: 2, column: 3 };
const hostile = "100% [click](http://evil)\r\n::error::gone \u001b[2J\u202e\ud800";
const ofBuf: Finding = {
  rule: "buf:FIELD_SAME_TYPE",
  severity: "error",
  ...at,
  message: hostile,
  advice: "No.",
};
const ofLint: Finding = { rule: "key-sensitive", severity: "warning", ...at, message: "m", advice: "a" };
const ours = find("topic-changed", at, hostile, { event: "n,:%\nE", subject: "s", against: 2 });

describe("findings for code scanning", () => {
  const log = JSON.parse(formatSarif([ours, ofBuf, ofLint, ours], { version: "1.0.0", prefix: "my app/" }));
  const [run] = log.runs;

  it("describe each rule once: ours and lint's from their tables, buf's by name", () => {
    const { rules } = run.tool.driver;
    expect(rules.map(({ id }: { id: string }) => id)).to.deep.equal([
      "topic-changed",
      "buf:FIELD_SAME_TYPE",
      "key-sensitive",
    ]);
    expect(rules[0].help.text).to.include("Keep the topic");
    expect(rules[1].shortDescription.text).to.equal("The rule FIELD_SAME_TYPE of buf.");
    expect(rules[2].defaultConfiguration.level).to.equal("warning");
    expect(run.results.map(({ ruleIndex }: { ruleIndex: number }) => ruleIndex)).to.deep.equal([0, 1, 2, 0]);
  });

  it("name files as addresses, with everything escaped that has a meaning there", () => {
    const { artifactLocation } = run.results[0].locations[0].physicalLocation;
    expect(artifactLocation.uri).to.equal("my%20app/a%25b%2C%20c%3Ad/%C3%A9%23%3F.proto");
    expect(decodeURIComponent(artifactLocation.uri)).to.equal(`my app/${at.file}`);
  });

  it("make no link and no control character of a text", () => {
    for (const { message } of run.results) {
      expect(message.text).to.not.include("](");
      expect(message.text).to.not.match(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u);
    }
  });
});

describe("findings for GitHub", () => {
  const lines = formatGithub([ours, ofBuf], "my app/").split("\n");

  it("are one line each, whatever is in their texts", () => {
    expect(lines).to.have.length(3);
    expect(lines[2]).to.equal("");
    for (const line of lines.slice(0, 2)) {
      expect(line).to.match(
        /^::error file=my app\/a%25b%2C c%3Ad\/é#\?\.proto,line=2,col=3,title=[^:,]*::[^\r\n]*$/u,
      );
      expect(line).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  it("give their texts back when GitHub takes the escapes away", () => {
    const [, data = ""] = /^::error [^:]*::(.*)$/.exec(lines[1] ?? "") ?? [];
    expect(data.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%25", "%")).to.equal(
      "100% [click](http://evil)\\x0d\\x0a::error::gone \\x1b[2J\\u202e\\ud800\nNo.",
    );
    expect(lines[1]).to.include(",title=buf%3AFIELD_SAME_TYPE::");
  });
});
