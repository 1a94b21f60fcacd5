import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import ts from "typescript";
import type { Io } from "../../../codegen/cli/command.ts";
import { runExplain } from "../../../codegen/cli/explain.ts";
import { runGenerate } from "../../../codegen/cli/generate.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const torture = join(root, "test", "golden", "torture", "schemas");

const statements: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.ImportDeclaration,
  ts.SyntaxKind.ExportDeclaration,
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.VariableStatement,
]);

/** The options that a strict user's project may have, all at once. */
const strict: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2024.d.ts"],
  module: ts.ModuleKind.NodeNext,
  types: ["node"],
  noEmit: true,
  allowImportingTsExtensions: true,
  customConditions: ["@keryx/source"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  skipLibCheck: true,
};

describe("hostile and awkward schemas", function () {
  this.timeout(120_000);
  // Inside the repository, so that the generated code finds the package by its name.
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp", "torture-"));
  const generated = join(folder, "generated");
  let printed = "";
  const io: Io = {
    cwd: folder,
    env: {},
    color: { out: false, note: false },
    out: (text) => {
      printed += text;
    },
    note: (text) => {
      printed += text;
    },
  };
  const files = (): readonly string[] =>
    readdirSync(generated, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => join(generated, path));

  before(async () => {
    cpSync(torture, join(folder, "schemas"), { recursive: true });
    cpSync(join(root, "schemas", "keryx"), join(folder, "schemas", "keryx"), { recursive: true });
    writeFileSync(
      join(folder, "tsconfig.json"),
      '{ "compilerOptions": { "allowImportingTsExtensions": true } }\n',
    );
    const exit = await runGenerate({ arguments: [], options: { project: folder }, io });
    expect(exit, printed).to.equal(0);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("become code that compiles under every strict option", () => {
    const program = ts.createProgram(files(), strict);
    const problems = ts.getPreEmitDiagnostics(program).map((one) => {
      const place = one.file?.getLineAndCharacterOfPosition(one.start ?? 0);
      return `${one.file?.fileName}:${(place?.line ?? 0) + 1} ${ts.flattenDiagnosticMessageText(one.messageText, "\n")}`;
    });
    expect(problems).to.deep.equal([]);
  });

  it("become declarations and nothing else, whatever stands in their comments and names", () => {
    for (const file of files()) {
      const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
      const kinds = source.statements.map((one) => one.kind).filter((kind) => !statements.has(kind));
      expect(
        kinds.map((kind) => ts.SyntaxKind[kind]),
        file,
      ).to.deep.equal([]);
    }
  });

  it("set no global when their code is imported", async () => {
    const before = Object.keys(globalThis);
    for (const file of files()) await import(pathToFileURL(file).href);
    expect(Object.keys(globalThis)).to.deep.equal(before);
    expect(globalThis).to.not.have.property("pwned");
  });

  it("are explained on one line for each value, with nothing that a terminal obeys", async () => {
    for (const event of ["torture.v1.Torture", "torture.v1.Function"]) {
      printed = "";
      const exit = await runExplain({ arguments: [event], options: { project: folder }, io });
      expect(exit).to.equal(0);
      expect(printed.trimEnd().split("\n")).to.have.length(15);
      expect(printed.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    }
  });
});
