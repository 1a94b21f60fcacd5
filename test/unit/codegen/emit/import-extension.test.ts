import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { detectImportExtension } from "../../../../codegen/emit/import-extension.ts";

describe("the ending of generated imports", () => {
  let root: string;
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const detected = (): string => detectImportExtension(join(root, "generated", "deep"));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "keryx-ending-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("is .ts where no tsconfig.json is found: Node runs the sources as they are", () => {
    expect(detected()).equals("ts");
  });

  it("is .ts where the nearest tsconfig.json takes it, comments and trailing commas allowed", () => {
    for (const option of ["allowImportingTsExtensions", "rewriteRelativeImportExtensions"]) {
      put(
        "tsconfig.json",
        `{ // "compilerOptions": {}\n "compilerOptions": { /* "x": 1 */ "outDir": "//a,]", "${option}": true, }, }`,
      );
      expect(detected()).equals("ts");
    }
  });

  it("is .js where it says nothing, says no, or cannot be read", () => {
    for (const text of [
      "{}",
      '{ "compilerOptions": { "allowImportingTsExtensions": false } }',
      "{",
      "[]",
      '{ "compilerOptions": 5 }',
    ]) {
      put("tsconfig.json", text);
      expect(detected()).equals("js");
    }
  });

  it("follows what the file extends, the last of a list first, and its own word above all", () => {
    put("base.json", '{ "compilerOptions": { "allowImportingTsExtensions": true } }');
    put("no.json", '{ "compilerOptions": { "allowImportingTsExtensions": false } }');
    put(
      "node_modules/@tsconfig/x/tsconfig.json",
      '{ "compilerOptions": { "rewriteRelativeImportExtensions": true } }',
    );
    const cases: readonly (readonly [string, string])[] = [
      ['{ "extends": "./base" }', "ts"],
      ['{ "extends": ["./no.json", "./base.json"] }', "ts"],
      ['{ "extends": ["./base.json", "./no.json"] }', "js"],
      ['{ "extends": "./base.json", "compilerOptions": { "allowImportingTsExtensions": false } }', "js"],
      ['{ "extends": "@tsconfig/x" }', "ts"],
      ['{ "extends": ["./missing.json", "@tsconfig/missing", 5] }', "js"],
      ['{ "extends": "./tsconfig.json" }', "js"],
    ];
    for (const [text, extension] of cases) {
      put("tsconfig.json", text);
      expect(detected(), text).equals(extension);
    }
  });
});
