import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runLint } from "../../../../codegen/cli/lint.ts";
import { type RuleId, ruleTable } from "../../../../codegen/diagnostics-rules.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const golden = join(root, "test", "golden", "lint");
const formats = ["proto", "avro"] as const;

/** Rules about something that the other format does not have. */
const ofOneFormat: Readonly<Partial<Record<RuleId, (typeof formats)[number]>>> = {
  "import-unsafe": "proto",
  "options-file": "proto",
  "wire-projection": "proto",
  "event-nested": "proto",
  "file-many-events": "proto",
  "name-invalid": "avro",
  "option-unknown": "avro",
  "option-conflict": "avro",
  "long-mark-misplaced": "avro",
  "long-default-unsafe": "avro",
};

interface Answer {
  readonly exit: number;
  readonly out: string;
}

/** Lints a copy of the case in a project of its own, so that its paths are the same on every machine. */
async function lint(rule: string, format: string): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), "keryx-lint-"));
  try {
    cpSync(join(golden, rule, format), join(folder, "schemas"), { recursive: true });
    const options = join("schemas", "keryx", "v1", "options.proto");
    if (format === "proto" && !existsSync(join(folder, options)))
      cpSync(join(root, options), join(folder, options));
    for (const file of ["keryx.yaml", "schemas.lock.json"])
      if (existsSync(join(golden, rule, file))) cpSync(join(golden, rule, file), join(folder, file));
    let out = "";
    const add = (text: string): void => {
      out += text;
    };
    const io = { cwd: folder, env: {}, color: { out: false, note: false }, out: add, note: () => {} };
    const exit = await runLint({ arguments: [], options: { project: folder }, io });
    return { exit, out };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("lint rules", () => {
  const cases = readdirSync(golden);

  it("each have a folder of examples, and each folder is a rule's", () => {
    expect(cases).to.have.members(Object.keys(ruleTable));
  });

  for (const rule of cases)
    for (const format of formats) {
      const only = ofOneFormat[rule as RuleId];
      if (only !== undefined && only !== format) continue;
      it(`${rule} is found in ${format === "proto" ? ".proto" : ".avsc"}, with place and help`, async () => {
        const { exit, out } = await lint(rule, format);
        const expected = join(golden, rule, `expected-${format}.txt`);
        // To accept a change: KERYX_UPDATE_GOLDEN=1, then read the difference.
        if (process.env["KERYX_UPDATE_GOLDEN"]) writeFileSync(expected, out);
        expect(out).to.equal(readFileSync(expected, "utf8"));
        expect(out).to.match(
          new RegExp(`^schemas[/.]\\S+:\\d+:\\d+ ${ruleTable[rule as RuleId].severity} ${rule} `, "m"),
        );
        expect(exit).to.equal(/ error /.test(out) ? 3 : 0);
      });
    }
});
