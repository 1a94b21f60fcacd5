import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { planFiles } from "../../../../codegen/emit/emit.ts";
import { type OutputFile, printFiles } from "../../../../codegen/emit/output.ts";
import { repository, writeFiles } from "../../../support/generated-code.ts";
import { tortureModel } from "../../../support/torture.ts";

const allowed = new Set([
  ts.SyntaxKind.ImportDeclaration,
  ts.SyntaxKind.ExportDeclaration,
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.VariableStatement,
  ts.SyntaxKind.FunctionDeclaration,
]);

// Imports every file, asks each codec for a round trip, and tells what became of the global object.
const probe = `
import { readdirSync } from "node:fs";
const before = Reflect.ownKeys(globalThis).length;
const modules = new Map();
for (const path of readdirSync(import.meta.dirname, { recursive: true }))
  if (path.endsWith(".ts")) modules.set(path.replaceAll("\\\\", "/"), await import("./" + path));
const { Names } = modules.get("torture/v1/names.ts");
const init = Object.fromEntries(JSON.parse(process.argv[2]).map((name) => [name, "v-" + name]));
const value = Names.codec.create(init);
const again = Names.codec.decode(Names.codec.encode(value, 0));
const isPlain = Object.getPrototypeOf(again) === Object.prototype && typeof again.then === "string";
const { Twin } = modules.get("a/twin.ts");
const twin = Twin.codec.create({ either: null });
const { mapped } = Twin.codec.decode(Twin.codec.encode(twin, 0));
console.log(JSON.stringify({
  grown: Reflect.ownKeys(globalThis).length - before,
  pwned: globalThis.pwned ?? null,
  isPlain,
  equal: JSON.stringify(again) === JSON.stringify(value),
  mapKeys: Object.keys(mapped),
  mapProto: Object.getPrototypeOf(mapped) === Object.prototype,
  big: String(twin.big),
}));
`;

describe("generated files of hostile schemas", function () {
  this.timeout(120_000);
  let files: readonly OutputFile[];
  let written: ReturnType<typeof writeFiles>;

  before(() => {
    files = printFiles(planFiles(tortureModel(), "ts"));
    written = writeFiles(files);
  });
  after(() => written.remove());

  it("parse, and hold none but the expected kinds of statements", () => {
    for (const { path, text } of files) {
      const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
      const diagnostics = (source as unknown as { parseDiagnostics: readonly ts.Diagnostic[] })
        .parseDiagnostics;
      expect(diagnostics, path).has.length(0);
      for (const statement of source.statements)
        expect(allowed.has(statement.kind), `${path}: ${statement.getText()}`).equals(true);
    }
  });

  it("hold no character that hides or turns text, and no compiler directive", () => {
    for (const { path, text } of files) {
      expect(text, path).not.matches(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(text, path).not.matches(/^\s*\*?\s*@ts-/m);
      expect(text, path).not.matches(/[/*]# sourceMappingURL/);
    }
  });

  it("compile under every strict flag", () => {
    const program = ts.createProgram(
      files.map(({ path }) => join(written.folder, path)),
      {
        target: ts.ScriptTarget.ES2023,
        lib: ["lib.es2023.d.ts"],
        types: ["node"],
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        customConditions: ["@keryx/source"],
        allowImportingTsExtensions: true,
        noEmit: true,
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        noPropertyAccessFromIndexSignature: true,
        verbatimModuleSyntax: true,
        erasableSyntaxOnly: true,
        isolatedModules: true,
        isolatedDeclarations: true,
        declaration: true,
        noImplicitReturns: true,
        noFallthroughCasesInSwitch: true,
        skipLibCheck: true,
      },
    );
    const own = ts
      .getPreEmitDiagnostics(program)
      .filter((one) => one.file?.fileName.startsWith(written.folder));
    const text = ts.formatDiagnostics(own.slice(0, 10), {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => written.folder,
      getNewLine: () => "\n",
    });
    expect(text).equals("");
  });

  it("run without code from strings, touch no global, and keep every awkward name as an own property", () => {
    writeFileSync(join(written.folder, "probe.mjs"), probe);
    const names = files.find(({ path }) => path === "torture/v1/names.ts")?.text ?? "";
    const required = [...names.matchAll(/^ {2}readonly ([\w$]+): string;$/gm)].map(([, name]) => name);
    const run = spawnSync(
      process.execPath,
      [
        ...["--disallow-code-generation-from-strings", "--disable-proto=throw", "--conditions=@keryx/source"],
        join(written.folder, "probe.mjs"),
        JSON.stringify(required),
      ],
      { cwd: repository, encoding: "utf8" },
    );
    expect(run.stderr).not.contains("Error");
    expect(JSON.parse(run.stdout)).deep.equals({
      grown: 0,
      pwned: null,
      isPlain: true,
      equal: true,
      mapKeys: ["__proto__", "constructor"],
      mapProto: true,
      big: "9007199254740993",
    });
  });

  it("export a name that two packages share as a namespace for each package", () => {
    const index = files.find(({ path }) => path === "index.ts")?.text ?? "";
    expect(index).contains('export * as a from "./packages/a.ts"');
    expect(index).contains('export * as b from "./packages/b.ts"');
    expect(index).not.matches(/export \{ Twin \}/);
  });
});
