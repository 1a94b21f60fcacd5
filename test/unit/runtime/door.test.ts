import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { build } from "esbuild";
import ts from "typescript";
import { repository } from "../../support/generated-code.ts";

const door = new URL("../../../src/runtime/v1.ts", import.meta.url);
const golden = new URL("../../golden/door/v1.txt", import.meta.url);

/** What a file declares, by name: the text that a compiler puts into its `.d.ts`. */
function declarationsOf(file: URL): ReadonlyMap<string, string> {
  const { outputText } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
    compilerOptions: { removeComments: true },
    fileName: fileURLToPath(file),
  });
  const { statements } = ts.createSourceFile("declarations.d.ts", outputText, ts.ScriptTarget.Latest);
  return new Map(
    statements.flatMap((statement) =>
      ts.isFunctionDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
        ? [[statement.name?.text ?? "", outputText.slice(statement.pos, statement.end).trim()]]
        : [],
    ),
  );
}

/** What applications use, too: generated code hands it on, and looks into none of it. */
const handedOn = ["../core/app.ts", "../core/handler.ts"];

/** Every export of the door as it is declared, sorted by name. */
function declaredExports(): ReadonlyMap<string, string> {
  const source = ts.createSourceFile("v1.ts", readFileSync(door, "utf8"), ts.ScriptTarget.Latest);
  const entries = source.statements.flatMap((statement): [string, string][] => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier, exportClause } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
    const { text: from } = moduleSpecifier;
    const names = exportClause.elements.map(({ name }) => name.text);
    if (handedOn.includes(from)) return names.map((name) => [name, `export type ${name};`]);
    const declared = declarationsOf(new URL(from, door));
    return names.map((name) => [name, declared.get(name) ?? "not declared"]);
  });
  return new Map(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Size of a program that does what the lines say, as a bundler would ship it; nothing is left out. */
async function gzipped(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: repository, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    conditions: ["@keryx/source"],
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

/** Size of a program that uses all functions of those names. */
function sizeOf(names: readonly string[]): Promise<number> {
  const list = names.join(", ");
  return gzipped(`import { ${list} } from "./src/runtime/v1.ts"; export default [${list}];`);
}

/** The functions of the door that a generated file stands on. */
function functionsOf(path: string): readonly string[] {
  const text = readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  const [, names = ""] = /import \{([^}]*)\} from "keryx\/runtime\/v1"/.exec(text) ?? [];
  return names.match(/(?<!type )\b\w+(?=,)/g) ?? [];
}

describe("the door for generated code", function () {
  this.timeout(30_000);

  // What an older generator's code imports must be there, and take and give the same, for as long as the door is
  // called v1. An addition is made here on purpose: KERYX_UPDATE_GOLDEN=1.
  it("exports what it exported before, under the same signatures", async () => {
    const declared = declaredExports();
    const text = [...declared.values()].map((one) => `${one}\n`).join("\n");
    if (process.env["KERYX_UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, text);
    expect(text).equals(readFileSync(golden, "utf8"));
    expect(text).not.contains("not declared");
    const functions = [...declared].filter(([, one]) => one.startsWith("export declare function"));
    expect(Object.keys(await import(door.href)).sort()).deep.equals(functions.map(([name]) => name));
  });

  it("stays small: all that the event of a Protobuf message or an Avro record stands on", async () => {
    const protobuf = functionsOf("generated/orders/v1/order_placed_events.ts");
    const avro = functionsOf("generated/payments/v1/payment-captured.ts");
    expect(protobuf).includes.members(["protobufCodec", "putText", "takeText", "readTime", "keepUnknown"]);
    expect(avro).includes.members(["recordCodec", "writeString", "readString", "readDecimal", "closeBlock"]);
    expect(await sizeOf(protobuf)).within(1_000, 4_200);
    expect(await sizeOf(avro)).within(1_000, 4_400);
  });

  it("lets the codec of one event be bundled in 5 kB, primitives included", async () => {
    const codec = `import { createOrderPlaced as create, readOrderPlaced as read, writeOrderPlaced as write } from "./generated/orders/v1/order_placed_events.ts";
      import { protobufCodec } from "./src/runtime/v1.ts";
      export const codec = protobufCodec("orders.v1.OrderPlaced", { create, read, write });`;
    expect(await gzipped(codec)).within(1_000, 5_248);
  });

  it("does nothing when an event is imported and not used", async () => {
    const names = [
      "./generated/orders/v1/order_placed_events.ts",
      "./generated/payments/v1/payment-captured.ts",
      "./src/runtime/v1.ts",
    ];
    for (const name of names) expect(await gzipped(`import ${JSON.stringify(name)};`), name).lessThan(60);
  });
});
