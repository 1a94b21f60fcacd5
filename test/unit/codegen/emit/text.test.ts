import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import ts from "typescript";
import { commentText } from "../../../../codegen/emit/comment.ts";
import { createFileScope, specifierOf } from "../../../../codegen/emit/file-scope.ts";
import { enclose, literal } from "../../../../codegen/emit/literal.ts";
import { repository } from "../../../support/generated-code.ts";
import { hostileTexts } from "../../../support/torture.ts";

/** Evaluates a literal by its syntax tree alone. */
function evaluate(node: ts.Node): unknown {
  if (ts.isParenthesizedExpression(node)) return evaluate(node.expression);
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isBigIntLiteral(node)) return BigInt(node.text.slice(0, -1));
  if (ts.isPrefixUnaryExpression(node)) {
    const value = evaluate(node.operand);
    return typeof value === "bigint" ? -value : -(value as number);
  }
  if (ts.isBinaryExpression(node)) return `${evaluate(node.left)}${evaluate(node.right)}`;
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(evaluate);
  if (ts.isObjectLiteralExpression(node))
    return node.properties.map((member) => {
      if (!ts.isPropertyAssignment(member)) throw new Error("not a plain member");
      const { name } = member;
      const key = ts.isComputedPropertyName(name)
        ? evaluate(name.expression)
        : (name as ts.Identifier | ts.StringLiteral).text;
      return [key, evaluate(member.initializer)];
    });
  const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
  return words[node.getText()];
}

function parse(text: string): unknown {
  const source = ts.createSourceFile("x.ts", `(${text});`, ts.ScriptTarget.ES2023, true);
  expect(source.statements).has.length(1);
  return evaluate((source.statements[0] as ts.ExpressionStatement).expression);
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: "grapheme" }),
);

describe("the literal emitter", () => {
  it("states any text so that the compiler reads the very same text", () => {
    fc.assert(fc.property(text, (value) => void expect(parse(literal(value))).equals(value)));
    for (const value of hostileTexts) expect(parse(literal(value))).equals(value);
  });

  it("states a long text as a sum of its lines, which is the very same text", () => {
    const long = fc.array(text, { minLength: 1, maxLength: 40 }).map((parts) => parts.join("\n"));
    fc.assert(
      fc.property(long, (value) => void expect(parse(literal({ value }))).deep.equals([["value", value]])),
    );
    const schema = `syntax = "proto3";\n\n// Its 'words'.\n${"message A {}\n".repeat(10)}`;
    expect(literal({ schema }).split("\n").slice(1, 5)).deep.equals([
      "  schema:",
      `    'syntax = "proto3";\\n' +`,
      '    "\\n" +',
      `    "// Its 'words'.\\n" +`,
    ]);
    const flat = `[${'{"name":"it\'s a","type":"string"},'.repeat(9)}1]`;
    for (const line of literal({ flat }).split("\n")) expect(line.length).to.be.at.most(110);
  });

  it("states any data as data, with __proto__ as a computed key", () => {
    const data = { list: [1, -1.5, 10n, -3n, true, null], nested: { "a-b": "c" }, absent: undefined };
    expect(parse(literal(data))).deep.equals([
      ["list", data.list],
      ["nested", [["a-b", "c"]]],
    ]);
    expect(literal(Object.fromEntries([["__proto__", 1]]))).equals(`{ ["__proto__"]: 1 }`);
    expect(literal([Number.NaN, Infinity, -Infinity, -0])).equals(
      "[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]",
    );
    expect(literal(Uint8Array.of(1, 255))).equals("Uint8Array.of(1, 255)");
    expect([literal({}), literal([]), enclose("{", [], "}")]).deep.equals(["{}", "[]", "{}"]);
  });
});

describe("the comment writer", () => {
  it("lets no text out of its comment", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.boolean(), (parts, isDeprecated) => {
        const comment = commentText({
          text: parts.join("\n"),
          notes: [parts.join(" ")],
          sensitive: parts,
          ...(isDeprecated ? { deprecated: parts.join("*/") } : {}),
        });
        const source = ts.createSourceFile(
          "x.ts",
          `${comment}const end = 1;\n`,
          ts.ScriptTarget.ES2023,
          true,
        );
        expect(source.statements).has.length(1);
        expect(source.statements[0]?.getText()).equals("const end = 1;");
      }),
    );
  });

  it("writes short comments on one line, long ones on several, tags last, and nothing for nothing", () => {
    expect(commentText({})).equals("");
    expect(commentText({ text: " One line. " })).equals("/** One line. */\n");
    expect(commentText({ text: "a\r\nb", notes: ["Note."], deprecated: true, sensitive: true }, "  ")).equals(
      "  /**\n   * a\n   * b\n   *\n   * Note.\n   *\n   * @sensitive\n   * @deprecated\n   */\n",
    );
    expect(commentText({ deprecated: "use\nB", sensitive: ["a.b", "c"] })).contains("@deprecated use B");
    expect(commentText({ text: "mail me@example.org, @ts-ignore {@link x}", sensitive: [] })).equals(
      "/** mail me@example.org, \\@ts-ignore {\\@link x} */\n",
    );
  });
});

describe("the names of a file", () => {
  it("give an import another name when its own is taken, and print type-only imports as such", () => {
    const scope = createFileScope("a/b.ts", ["Card"], "js");
    expect(scope.type("a/b.ts", "Card")).equals("Card");
    expect(scope.type("c/card.ts", "Card")).equals("Card$2");
    expect(scope.value("c/card.ts", "Card")).equals("Card$2");
    expect(scope.type("keryx/runtime/v1", "Card")).equals("Card$3");
    expect(scope.namespace("a/b_pb.ts", "pb")).equals("pb");
    expect(scope.namespace("a/b_pb.ts", "pb")).equals("pb");
    expect(scope.unique("pb")).equals("pb$2");
    expect(scope.plan([]).imports.map(({ from, names }) => [from, ...names])).deep.equals([
      ["keryx/runtime/v1", { name: "Card", typeOnly: true, alias: "Card$3" }],
      ["../c/card.js", { name: "Card", typeOnly: false, alias: "Card$2" }],
      ["./b_pb.js"],
    ]);
    expect(specifierOf("a.ts", "b.ts", "ts")).equals("./b.ts");
  });
});

describe("the printers", () => {
  it("load no compiler and no formatter: what they print is neither parsed nor changed again", () => {
    const folder = join(repository, "codegen", "emit");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    expect(files.length).to.be.greaterThan(20);
    for (const name of files)
      expect(readFileSync(join(folder, name), "utf8"), name).not.matches(
        /from "(typescript|ts-morph|prettier|@biomejs)/,
      );
  });
});
