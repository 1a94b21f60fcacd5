import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import ts from "typescript";

const root = fileURLToPath(new URL("../../../", import.meta.url));

describe("the pages of docs/reference", () => {
  let folder: string;
  const run = (...options: readonly string[]): { status: number | null; stderr: string } => {
    const script = join(root, "scripts/docs.mjs");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--conditions=@keryx/source", script, ...options, folder],
      { encoding: "utf8" },
    );
    return { status, stderr };
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "keryx-docs-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are missing, then written, then stale after an edit, and the check says which", () => {
    const missing = run("--check");
    expect(missing.status).to.equal(3);
    for (const page of ["check", "cli", "errors", "lint", "options"])
      expect(missing.stderr).to.contain(`docs/reference/${page}.md is stale`);
    expect(run().status).to.equal(0);
    expect(run("--check")).to.deep.equal({ status: 0, stderr: "" });
    appendFileSync(join(folder, "docs/reference/errors.md"), "more\n");
    const stale = run("--check");
    expect(stale.status).to.equal(3);
    expect(stale.stderr).to.match(/^docs\/reference\/errors\.md is stale: .*\n$/);
    expect(readFileSync(join(folder, "docs/reference/errors.md"), "utf8")).to.match(/more\n$/);
  });
});

describe("everything that the package exports", () => {
  const entries = ["src/index.ts", "src/runtime/v1.ts"].map((path) => join(root, path));
  const program = ts.createProgram(entries, {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();

  for (const entry of entries)
    it(`has documentation: ${entry.slice(root.length)}`, () => {
      const file = program.getSourceFile(entry);
      const module = file && checker.getSymbolAtLocation(file);
      const names = (module ? checker.getExportsOfModule(module) : []).map((name) => {
        const isAlias = (name.flags & ts.SymbolFlags.Alias) !== 0;
        return [name.name, isAlias ? checker.getAliasedSymbol(name) : name] as const;
      });
      expect(names).to.have.length.above(20);
      const bare = names.filter(([, symbol]) => symbol.getDocumentationComment(checker).length === 0);
      expect(bare.map(([name]) => name)).to.deep.equal([]);
    });
});
