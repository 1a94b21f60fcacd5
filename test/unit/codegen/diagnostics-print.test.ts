import { expect } from "chai";
import { type Diagnostic, isClean, report } from "../../../codegen/diagnostics.ts";
import {
  countDiagnostics,
  formatJson,
  formatText,
  showDuration,
  showText,
} from "../../../codegen/diagnostics-print.ts";
import { ruleTable } from "../../../codegen/diagnostics-rules.ts";

const at = { file: "orders/v1/order.proto", line: 7, column: 12 };
const hostile = "a\u001b[31mred\u001b[0m\r\nb\u2028\u202e\u0085\ud800";

describe("diagnostics", () => {
  it("take severity and help from the rule's row", () => {
    const found = report("key-sensitive", at, "The key is sensitive.");
    expect(found.severity).to.equal("warning");
    expect(found.help).to.equal(ruleTable["key-sensitive"].help);
    expect(report("key-sensitive", at, "…", "Do this.").help).to.equal("Do this.");
  });

  it("take no more of a place than file, line and column", () => {
    const found = report("topic-invalid", { ...at, path: "/secret" } as typeof at, "…");
    expect(Object.keys(found)).to.have.members([
      "file",
      "line",
      "column",
      "rule",
      "severity",
      "message",
      "help",
    ]);
  });

  it("stand in the way when one is an error", () => {
    const warning = report("key-sensitive", at, "…");
    expect(isClean([])).to.equal(true);
    expect(isClean([warning])).to.equal(true);
    expect(isClean([warning, report("topic-invalid", at, "…")])).to.equal(false);
  });
});

describe("printing diagnostics", () => {
  const error = report("topic-invalid", at, "Topic is wrong.", "Rename it.");

  it("gives file:line:column, severity, rule, message, and the help below", () => {
    expect(formatText([error], { prefix: "schemas/", color: false })).to.equal(
      "schemas/orders/v1/order.proto:7:12 error topic-invalid Topic is wrong.\n  Rename it.\n",
    );
  });

  it("colours the severity only when asked to", () => {
    expect(formatText([error], { prefix: "", color: true })).to.include("\u001b[31merror\u001b[0m");
  });

  it("lets no control character of a schema through, neither as text nor as JSON", () => {
    const found: Diagnostic = { ...error, file: hostile, message: hostile, help: hostile };
    const text = formatText([found], { prefix: "", color: false });
    expect(text.trimEnd().split("\n")).to.have.length(2);
    const json = formatJson([found], { prefix: "", color: false });
    for (const printed of [text, json])
      expect(printed.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u);
    expect(JSON.parse(json).findings[0].message).to.equal(hostile);
  });

  it("says in JSON whether generating could go on", () => {
    const warning = report("key-sensitive", at, "…");
    expect(JSON.parse(formatJson([warning], { prefix: "s/", color: false }))).to.deep.equal({
      ok: true,
      findings: [{ ...warning, file: `s/${at.file}` }],
    });
    expect(JSON.parse(formatJson([error], { prefix: "", color: false })).ok).to.equal(false);
  });

  it("counts errors and warnings", () => {
    expect(countDiagnostics([error])).to.equal("1 error, 0 warnings");
    expect(countDiagnostics([error, error, report("key-sensitive", at, "…")])).to.equal(
      "2 errors, 1 warning",
    );
  });

  it("shows ordinary text as it is", () => {
    expect(showText("Grüße, 世界 😀")).to.equal("Grüße, 世界 😀");
  });

  it("shows durations in the largest whole unit", () => {
    expect([1, 999, 1000, 1500, 60_000, 90_000, 86_400_000].map(showDuration)).to.deep.equal([
      "1ms",
      "999ms",
      "1s",
      "1500ms",
      "1m",
      "90s",
      "24h",
    ]);
  });
});
