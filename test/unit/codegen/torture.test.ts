import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Parser } from "@asyncapi/parser";
import { expect } from "chai";
import type { EventType } from "keryx";
import ts from "typescript";
import type { Io } from "../../../codegen/cli/command.ts";
import { runExplain } from "../../../codegen/cli/explain.ts";
import { runGenerate } from "../../../codegen/cli/generate.ts";
import { createJsonCodecs } from "../../../src/serde/json.ts";

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
const strict = {
  target: "es2024",
  lib: ["es2024"],
  module: "nodenext",
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

/** Compilers that users have, by the folder that they are installed in here. */
const compilers = { "5.9": "typescript-5.9", "6.0": "typescript", "7": "typescript-7" };

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
    writeFileSync(
      join(folder, "strict.json"),
      JSON.stringify({ compilerOptions: strict, include: ["generated", "../../generated"] }),
    );
    const exit = await runGenerate({ arguments: [], options: { project: folder, docs: true }, io });
    expect(exit, printed).to.equal(0);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [version, compiler] of Object.entries(compilers))
    it(`become code, like the samples, that compiles under every strict option of TypeScript ${version}`, () => {
      const tsc = join(root, "node_modules", compiler, "bin", "tsc");
      const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", join(folder, "strict.json")], {
        encoding: "utf8",
      });
      expect(stdout + stderr).to.equal("");
      for (const file of files()) expect(readFileSync(file, "utf8"), file).to.not.include("@ts-");
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

  it("keep every value when their events are written as JSON", async () => {
    const importEvent = async (path: string, name: string): Promise<EventType> => {
      const module = await import(pathToFileURL(join(generated, path)).href);
      return module[name] as EventType;
    };
    const jsonOf = createJsonCodecs();
    const wide = 9_007_199_254_740_993n;
    const message = await importEvent("torture/v1/json_events.ts", "Json");
    const inner = message.codec.create({ constructor$: "inner", wide: -1n });
    const value = message.codec.create({
      ...{
        constructor$: "*/ \u2028",
        wide,
        wides: [2n ** 64n - 1n],
        wideByName: { ["__proto__"]: wide, "": 0n },
      },
      ...{ children: { "-9223372036854775808": inner }, wrapped: -wide, ratio: 1e20 },
      ...{ raw: Uint8Array.of(0, 255), kind: 1, choice: { case: "number", value: -wide } },
      anything: { kind: { case: "numberValue", value: 2 ** 60 } },
    });
    const text = jsonOf(message).encode(value);
    expect(jsonOf(message).decode(text)).to.deep.equal(value);
    // As another program may write it: integers as plain numbers, of which only some fields hold 64 bits.
    const foreign = String(Buffer.from(text))
      .replace(/"(-?\d{16,})"(?!:)/g, "$1")
      .replace('"ratio":', '"ratio": ');
    expect(foreign).to.include('"wide":9007199254740993');
    expect(jsonOf(message).decode(Buffer.from(foreign))).to.deep.equal(value);

    const record = await importEvent("torture/v1/avro-json.ts", "AvroJson");
    const init = {
      ...{ constructor$: "c", __proto__$: wide, amount: { unscaled: -(10n ** 29n), scale: 3 } },
      ...{
        took: { months: 1, days: 4_294_967_295, milliseconds: 0 },
        id: "0b8f6c1e-5f0a-4d7c-9a51-3a9f7f0c2e11",
      },
    };
    for (const choice of [
      { kind: "string", value: "\u0000ü" },
      { kind: "bytes", value: Uint8Array.of(0, 128, 255) },
      { kind: "Four", value: Uint8Array.of(1, 2, 3, 4) },
    ]) {
      const self = record.codec.create({ ...init, choice });
      const whole = record.codec.create({ ...init, choice, self });
      expect(jsonOf(record).decode(jsonOf(record).encode(whole))).to.deep.equal(whole);
      const plain = { ...record, serialization: "JSON" as const };
      expect(jsonOf(plain).decode(jsonOf(plain).encode(whole))).to.deep.equal(whole);
    }
  });

  it("are documented in Markdown and AsyncAPI that they cannot get out of", async () => {
    const page = readFileSync(join(folder, "docs", "reference", "events.md"), "utf8");
    expect(page).to.not.match(
      /<(?!a id="[\w.-]+"><\/a>|\/a>)|[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Bidi_Control}]|\b(?:https?|ftp):|www\./u,
    );
    for (const line of page.split("\n"))
      expect(line, line).to.match(
        /^$|^#|^<a |^\| .* \|$|^\*\*Deprecated|^[^|#<>]*$|^(?:\\[|#<>]|&lt;|[^|#<>])*$/,
      );
    const api = readFileSync(join(folder, "docs", "reference", "asyncapi.yaml"), "utf8");
    const { document, diagnostics } = await new Parser().parse(api);
    expect(diagnostics.filter(({ severity }) => severity === 0)).to.deep.equal([]);
    expect(document?.messages().all()).to.have.length(page.match(/^\| Schema \|/gm)?.length ?? 0);
  });

  it("are explained on one line for each value, with nothing that a terminal obeys", async () => {
    const manifest = JSON.parse(readFileSync(join(generated, ".keryx-manifest.json"), "utf8"));
    for (const [event, codec] of [
      ["torture.v1.Torture", "straight-line"],
      ["torture.v1.Function", "straight-line"],
      ["torture.v1.Json", "protobuf-es"],
    ] as const) {
      printed = "";
      const exit = await runExplain({ arguments: [event], options: { project: folder }, io });
      expect(exit).to.equal(0);
      const lines = printed.trimEnd().split("\n");
      expect(lines).to.have.length(17);
      expect(lines.at(-1)).to.match(new RegExp(`^codec +${codec} +default: .`));
      if (codec === "protobuf-es") expect(lines.at(-1)).to.include(manifest.fallbacks[event]);
      expect(printed.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    }
  });
});
