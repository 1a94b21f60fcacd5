import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../../src/core/errors.ts";
import { schemaLimits } from "../../../src/schema/limits.ts";
import { createProtoScanner } from "../../../src/schema/proto/text/tokens.ts";
import { indexesOf, messageAt, parseProto } from "../../../src/schema/protobuf.ts";
import { cpuTimeMs } from "./cpu-time.ts";

function refusal(text: string, limits = schemaLimits): KeryxError {
  try {
    parseProto(text, { limits });
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("parsing .proto text", () => {
  it("keeps options with their extension parts and aggregate values", () => {
    const { options } = parseProto(
      'option (a.b).c.(.d.e) = { s: "x" "\\x41", list: [1, -2.5f,], m < n: -inf; > [e.f/g.h]: { } [x.y] { } };'.replace(
        ",]",
        "]",
      ),
    );
    const text = (value: string): object => ({ kind: "string", bytes: new TextEncoder().encode(value) });
    expect(options[0]?.name).to.deep.equal([
      { name: "a.b", isExtension: true },
      { name: "c", isExtension: false },
      { name: ".d.e", isExtension: true },
    ]);
    expect(options[0]?.value).to.deep.equal({
      kind: "message",
      fields: [
        { name: "s", isExtension: false, value: text("xA") },
        {
          name: "list",
          isExtension: false,
          value: {
            kind: "list",
            items: [
              { kind: "number", text: "1" },
              { kind: "number", text: "-2.5f" },
            ],
          },
        },
        {
          name: "m",
          isExtension: false,
          value: {
            kind: "message",
            fields: [{ name: "n", isExtension: false, value: { kind: "identifier", text: "-inf" } }],
          },
        },
        { name: "e.f/g.h", isExtension: true, value: { kind: "message", fields: [] } },
        { name: "x.y", isExtension: true, value: { kind: "message", fields: [] } },
      ],
    });
  });

  it("gives every definition its extent", () => {
    const text = 'syntax = "proto3";\r\n\t// é\n  message A { int32 b = 1; }';
    const message = parseProto(text).messages[0];
    expect(message?.at).to.deep.equal({ line: 3, column: 3, offset: 28, end: text.length });
    expect(text.slice(message?.fields[0]?.at.offset, message?.fields[0]?.at.end)).to.equal("int32 b = 1;");
  });

  it("reads the visibility of edition 2024", () => {
    const file = parseProto(
      'edition = "2024"; import option "o.proto"; export message A { local enum E { Z = 0; } }',
    );
    expect(file.messages[0]).to.include({ visibility: "export" });
    expect(file.messages[0]?.enums[0]).to.include({ visibility: "local" });
    expect(file.imports[0]).to.include({ modifier: "option" });
  });

  it("never uses a name from the text as the key of an object", () => {
    parseProto(
      "option (__proto__).polluted = true; option constructor.prototype.polluted = true; message __proto__ { option (x) = { __proto__ { polluted: true } }; int32 __proto__ = 1; }",
    );
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });

  it("starts behind a byte order mark", () => {
    expect(parseProto('\ufeffsyntax = "proto3";').syntax).to.equal("proto3");
  });

  for (const [what, text] of [
    ["an unknown syntax", 'syntax = "proto4";'],
    ["a hostile edition", 'edition = "2023\\n";'],
    ["a statement that is none", "foo;"],
    ["a second package", "package a; package b;"],
    ["a package behind a message", "message A {} package b;"],
    ["a package with a leading dot", "package .a;"],
    ["a message twice", "message A {} message A {}"],
    ["a message called like an enum", "message A {} enum A { Z = 0; }"],
    ["a message without end", "message A {"],
    ["a field without number", "message A { int32 a; }"],
    ["the field number 0", "message A { int32 a = 0; }"],
    ["a field number beyond 29 bits", "message A { int32 a = 536870912; }"],
    ["a field number with a point", "message A { int32 a = 1.0; }"],
    ["a bad octal number", "message A { int32 a = 08; }"],
    ["a field name twice", "message A { int32 a = 1; int32 a = 2; }"],
    ["a field number twice", "message A { int32 a = 1; oneof o { int32 b = 1; } }"],
    ["a map with a message as key", "message A { map<B, int32> a = 1; }"],
    ["a map with bytes as key", "message A { map<bytes, int32> a = 1; }"],
    ["a range that ends before it starts", "message A { reserved 5 to 4; }"],
    ["an enum number beyond 32 bits", "enum E { A = 2147483648; }"],
    ["a string over two lines", 'option a = "x\ny";'],
    ["a string with a zero character", 'option a = "x\0y";'],
    ["an unknown escape", 'option a = "\\q";'],
    ["an octal escape beyond a byte", 'option a = "\\777";'],
    ["an escaped surrogate", 'option a = "\\ud800";'],
    ["a comment without end", "/* "],
    ["a number that runs into a letter", "message A { int32 a = 1a; }"],
    ["a character without meaning", "message A { int32 a = 1; } #"],
    ["a service without end", "service S { rpc {"],
    ["a list in a list", "option a = { b: [[1]] };"],
    ["an aggregate field without a colon", "option a = { b 1 };"],
    ["a name longer than any", `message ${"A".repeat(1_001)} {}`],
    ["a dotted name longer than any", `package ${"a.".repeat(600)}b;`],
  ] as const)
    it(`refuses ${what} with its place`, () => {
      const error = refusal(text);
      expect(error.code).to.equal("schema_invalid");
      expect(error.details["line"]).to.be.a("number");
      expect(error.details["column"]).to.be.greaterThan(0);
    });

  it("names line and column of the token at fault", () => {
    expect(refusal("message A {\n  int32 a = ;\n}").details).to.include({ line: 2, column: 13 });
  });

  it("ends every text cut short or edited with a refusal or a form, never with another error", () => {
    const text =
      'syntax = "proto3"; package a.b; message A { map<string, B> m = 1 [(x) = { y: [1, "z"] }]; oneof o { int32 i = 2; } message B {} } enum E { Z = 0; } service S {}';
    const edits = fc.tuple(
      fc.nat(text.length),
      fc.nat(8),
      fc.constantFrom(
        "",
        "{",
        "}",
        '"',
        "/*",
        "[",
        "<",
        ";",
        "= 1",
        "message",
        "option",
        "\\",
        "\0",
        "group",
      ),
    );
    fc.assert(
      fc.property(edits, ([at, length, insert]) => {
        try {
          parseProto(text.slice(0, at) + insert + text.slice(at + length));
        } catch (error) {
          if (!(error instanceof KeryxError) || error.code !== "schema_invalid") throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("indexes of messages", () => {
  const file = parseProto(
    'syntax = "proto3"; package p; enum E { Z = 0; } message A {} message B { map<string, int32> m = 1; message C { message D {} } map<string, C> n = 2; enum F { Y = 0; } message G {} }',
  );

  it("count messages only, from 0 at each level", () => {
    expect(messageAt(file, [0])?.fullName).to.equal("p.A");
    expect(messageAt(file, [1, 0, 0])?.fullName).to.equal("p.B.C.D");
    expect(messageAt(file, [1, 1])?.fullName).to.equal("p.B.G");
  });

  it("count map entries too when asked", () => {
    const count = { mapEntries: true };
    expect(messageAt(file, [1, 0], count)).to.equal(undefined);
    expect(messageAt(file, [1, 1], count)?.fullName).to.equal("p.B.C");
    expect(messageAt(file, [1, 3], count)?.fullName).to.equal("p.B.G");
    expect(indexesOf(file, "p.B.G", count)).to.deep.equal([1, 3]);
  });

  for (const indexes of [[], [2], [-1], [0, 0], [1, 2], [1, 0, 0, 0], [0.5]])
    it(`name nothing at [${indexes}]`, () => {
      expect(messageAt(file, indexes)).to.equal(undefined);
    });

  for (const name of ["p.X", "p", "A", "q.A", "p.B.C.D.E", "p.A.B"])
    it(`do not exist for ${name}`, () => {
      expect(indexesOf(file, name)).to.equal(undefined);
    });

  it("work without a package", () => {
    expect(indexesOf(parseProto("message A { message B {} }"), "A.B")).to.deep.equal([0, 0]);
  });
});

describe("limits on .proto text", () => {
  const nested = (depth: number): string => `${"message M {".repeat(depth)}${"}".repeat(depth)}`;
  const fields = (count: number): string =>
    `message M {${Array.from({ length: count }, (_, i) => `int32 f${i} = ${i + 1};`).join("")}}`;
  const values = (count: number): string =>
    `enum E {${Array.from({ length: count }, (_, i) => `V${i} = ${i};`).join("")}}`;
  const imports = (count: number): string =>
    Array.from({ length: count }, (_, i) => `import "a${i}.proto";`).join("");
  const aggregate = (depth: number): string => `option a = ${"{ b ".repeat(depth)}: 1 ${"}".repeat(depth)};`;

  for (const [what, make, limit] of [
    ["messages inside messages", nested, schemaLimits.depth],
    ["fields of a message", fields, schemaLimits.fields],
    ["values of an enum", values, schemaLimits.symbols],
    ["imports", imports, schemaLimits.references],
    ["levels of an option's value", aggregate, schemaLimits.depth],
  ] as const)
    it(`takes ${limit} ${what} and refuses one more`, () => {
      expect(parseProto(make(limit))).to.be.an("object");
      expect(refusal(make(limit + 1)).code).to.equal("schema_invalid");
    });

  const mebibyte = 1_048_000;
  const fill = (piece: string): string => piece.repeat(mebibyte / piece.length);
  for (const [what, text] of [
    ["white space", fill(" ")],
    ["line ends", fill("\n")],
    ["line comments", fill("//\n")],
    ["one long line comment", `//${fill("/")}`],
    ["block comments", fill("/**/")],
    ["an open block comment", `/*${fill("/*")}`],
    ["digits", `option a = ${fill("9")};`],
    ["points", fill(".1")],
    ["a long name", fill("a")],
    ["a name of many parts", `package ${fill("a.")}a;`],
    ["a long string", `option a = "${fill("x")}";`],
    ["many strings in a row", `option a = ${fill('""')};`],
    ["escapes", `option a = "${fill("\\n")}";`],
    ["open strings", fill('"')],
    ["open messages", fill("message M{")],
    ["open options", `option a = ${fill("{a")}`],
    ["empty messages", Array.from({ length: 60_000 }, (_, i) => `message M${i}{}`).join("")],
    ["empty statements", fill(";")],
    ["nested braces of a service", `service S ${fill("{")}`],
    [
      "many maps",
      `message M { ${Array.from({ length: 5_000 }, (_, i) => `map<int32,int32> m${i} = ${i + 1}; message N${i} {}`).join("")} }`,
    ],
  ] as const)
    it(`ends within seconds on 1 MiB of ${what}`, () => {
      const spent = cpuTimeMs(() => {
        try {
          messageAt(parseProto(text), [0, 4_000], { mapEntries: true });
        } catch (error) {
          expect(error).to.be.instanceOf(KeryxError);
        }
      });
      expect(spent).to.be.below(5_000);
    });

  it("refuses text beyond 1 MiB, counted in UTF-8", () => {
    expect(refusal("é".repeat(600_000)).message).to.contain("larger than");
  });
});

describe("reading tokens", () => {
  it("gives kind, text and place of each and stays at the end", () => {
    const scan = createProtoScanner("a.B = 'x\\n' // c\n 0x1F;");
    const tokens = Array.from({ length: 8 }, () => scan());
    expect(tokens.map(({ kind, text, line, column }) => [kind, text, line, column])).to.deep.equal([
      ["identifier", "a", 1, 1],
      ["symbol", ".", 1, 2],
      ["identifier", "B", 1, 3],
      ["symbol", "=", 1, 5],
      ["string", "'x\\n'", 1, 7],
      ["number", "0x1F", 2, 2],
      ["symbol", ";", 2, 6],
      ["end", "", 2, 7],
    ]);
    expect(tokens[4]?.bytes).to.deep.equal(Uint8Array.of(120, 10));
    expect(scan().kind).to.equal("end");
  });
});
