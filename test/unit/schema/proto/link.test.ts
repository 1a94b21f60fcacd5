import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import { schemaLimits } from "../../../../src/schema/limits.ts";
import { linkProto, type ProtoSource } from "../../../../src/schema/proto/link.ts";
import type { ProtoSchema } from "../../../../src/schema/proto/schema.ts";
import { cpuTimeMs } from "../cpu-time.ts";

function link(text: string, imports: Readonly<Record<string, string>> = {}): ProtoSchema {
  const sources = Object.entries(imports).map(([path, one]): [string, ProtoSource] => [path, { text: one }]);
  return linkProto({ text }, new Map(sources));
}

function refusal(run: () => unknown): KeryxError {
  try {
    run();
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("looking up the names of types", () => {
  it("begins in the innermost scope", () => {
    const schema = link(
      "package a.b; message T {} message M { message T { message T {} } message N { enum T { Z = 0; } } }",
    );
    const found = (scope: string): string | undefined => schema.resolve("T", scope)?.type.fullName;
    expect(found("a.b.M.N")).to.equal("a.b.M.N.T");
    expect(schema.resolve("T", "a.b.M.N")?.kind).to.equal("enum");
    expect(found("a.b.M.T")).to.equal("a.b.M.T.T");
    expect(found("a.b.M.T.T")).to.equal("a.b.M.T.T");
    expect(found("a.b.M")).to.equal("a.b.M.T");
    expect(found("a.b")).to.equal("a.b.T");
    expect(found("")).to.equal(undefined);
  });

  it("goes on through the packages outwards to the bare name", () => {
    const schema = link('package a.b.c; import "x.proto"; import "y.proto"; import "z.proto";', {
      "x.proto": "package a.b; message X {}",
      "y.proto": "package a; message X {} message Y {}",
      "z.proto": "message X {} message Y {} message Z {}",
    });
    const found = (name: string): string | undefined => schema.resolve(name, "a.b.c")?.type.fullName;
    expect(["X", "Y", "Z", "b.X", "a.X", ".X"].map(found)).to.deep.equal([
      "a.b.X",
      "a.Y",
      "Z",
      "a.b.X",
      "a.X",
      "X",
    ]);
    expect(found(".b.X"), "absolute").to.equal(undefined);
    expect(schema.resolve("X", "a.b.c.Unknown.Scope")?.type.fullName).to.equal("a.b.X");
  });

  it("sees what is imported, and what that passes on publicly, and nothing else", () => {
    const schema = link('import "x.proto"; message M {}', {
      "x.proto": 'import public "y.proto"; import "hidden.proto"; message X {}',
      "y.proto": 'import public "z.proto"; message Y {}',
      "z.proto": "message Z {}",
      "hidden.proto": "message Hidden {}",
    });
    expect(["X", "Y", "Z", "Hidden"].map((name) => schema.resolve(name, "")?.path)).to.deep.equal([
      "x.proto",
      "y.proto",
      "z.proto",
      undefined,
    ]);
    expect(schema.resolve("Hidden", "", "x.proto")?.path).to.equal("hidden.proto");
    expect(schema.resolve("X", "", "y.proto"), "against the direction of the import").to.equal(undefined);
    expect(schema.resolve("M", "", "x.proto"), "the importing file").to.equal(undefined);
    expect(schema.resolve("M", "")).to.not.have.property("path");
    expect([...schema.imports.keys()]).to.have.members(["x.proto", "y.proto", "z.proto", "hidden.proto"]);
  });

  it("prefers the file itself where two files define a name", () => {
    const schema = link('package p; import "x.proto"; message M {}', {
      "x.proto": "package p; message M {}",
    });
    expect(schema.resolve("M", "p")).to.not.have.property("path");
    expect(schema.resolve("M", "p", "x.proto")?.path).to.equal("x.proto");
    const both = link('import "y.proto"; import "x.proto";', {
      "x.proto": 'package p; import "y.proto"; message M {}',
      "y.proto": "package p; message M {}",
    });
    expect(both.resolve("M", "p", "x.proto")?.path).to.equal("x.proto");
  });

  it("answers with the file and the place in which the type is registered", () => {
    const place = { subject: "x-value", version: 3 };
    const schema = linkProto(
      { text: 'import "x.proto";' },
      new Map([["x.proto", { text: "message X {}", place }]]),
    );
    const found = schema.resolve("X", "");
    expect(found?.place).to.equal(place);
    expect(found?.file).to.equal(schema.imports.get("x.proto")?.file);
    expect(schema.imports.get("x.proto")?.place).to.equal(place);
  });

  it("takes names of objects' own members for what they are", () => {
    const schema = link("package __proto__; message constructor { message toString {} }");
    expect(schema.resolve("constructor.toString", "__proto__")?.type.name).to.equal("toString");
    expect(schema.resolve("hasOwnProperty", "__proto__.constructor")).to.equal(undefined);
  });
});

describe("linking .proto files", () => {
  const chain = (length: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length }, (_, index) => [
        `f${index}.proto`,
        `${index + 1 < length ? `import public "f${index + 1}.proto";` : ""} message M${index} {}`,
      ]),
    );

  for (const length of [5, 200])
    it(`follows a chain of ${length} imports`, () => {
      const schema = link('import "f0.proto";', chain(length));
      expect(schema.imports.size).to.equal(length);
      expect(schema.resolve(`M${length - 1}`, "")?.path).to.equal(`f${length - 1}.proto`);
    });

  it("refuses more imports than the limit, which the refusal names", () => {
    const error = refusal(() => link('import "f0.proto";', chain(201)));
    expect(error.code).to.equal("schema_invalid");
    expect(error.message).to.contain("More than 200 files");
    expect(error.details).to.include({ fault: "limit", file: "f199.proto", line: 1 });
  });

  it("ends where imports go in a circle", () => {
    const schema = link('import "a.proto";', {
      "a.proto": 'import public "b.proto"; message A {}',
      "b.proto": 'import public "a.proto"; import public "b.proto"; message B {}',
    });
    expect(schema.resolve("B", "")?.path).to.equal("b.proto");
    expect(schema.resolve("A", "", "b.proto")?.path).to.equal("a.proto");
    expect(schema.resolve("Missing", "", "b.proto")).to.equal(undefined);
  });

  it("names the import that is missing, and the file and line that want it", () => {
    expect(refusal(() => link('\n  import "gone.proto";')).details).to.deep.include({
      missing: "gone.proto",
      line: 2,
      column: 3,
    });
    const nested = refusal(() => link('import "a.proto";', { "a.proto": 'import "gone.proto";' }));
    expect(nested.details).to.include({ missing: "gone.proto", file: "a.proto", line: 1 });
    expect(nested.message).to.equal(
      '[schema_invalid] "a.proto":1:1: "gone.proto" is imported, but not there.',
    );
  });

  it("does without files that only bring options", () => {
    const text = 'edition = "2024"; import option "gone.proto"; message M {}';
    expect(link(text).imports.size).to.equal(0);
  });

  it("names the file that cannot be parsed", () => {
    const error = refusal(() => link('import "a.proto";', { "a.proto": "message M {\n oops }" }));
    expect(error.details).to.include({ file: "a.proto", line: 2 });
    const descriptor = refusal(() => link('import "a.proto";', { "a.proto": "AAAA" }));
    expect(descriptor.details).to.include({ file: "a.proto", line: 1 });
  });

  it("does not read what nothing imports", () => {
    expect(link("message M {}", { "broken.proto": "message {" }).imports.size).to.equal(0);
  });

  it("knows well-known files, and prefers one that is given", () => {
    const text = 'import "google/protobuf/timestamp.proto";';
    const name = "google.protobuf.Timestamp";
    expect(link(text).resolve(name, "")?.type).to.have.property("fields").with.length(2);
    const given = { "google/protobuf/timestamp.proto": "package google.protobuf; message Timestamp {}" };
    expect(link(text, given).resolve(name, "")?.type).to.have.property("fields").with.length(0);
  });

  for (const [what, build, limit] of [
    [
      "fields",
      () => `message M {${Array.from({ length: 10_000 }, (_, n) => `int32 f${n} = ${n + 1};`).join("")}}`,
      schemaLimits.fields,
    ],
    ["deep", () => "message M {".repeat(3_000) + "}".repeat(3_000), schemaLimits.depth],
    [
      "values",
      () => `enum E {${Array.from({ length: 20_000 }, (_, n) => `V${n} = ${n};`).join("")}}`,
      schemaLimits.symbols,
    ],
    [
      "extend",
      () => `extend M {${Array.from({ length: 6_000 }, (_, n) => `int32 f${n} = ${n + 1};`).join("")}}`,
      schemaLimits.fields,
    ],
    ["bytes", () => `message M {} //${"x".repeat(schemaLimits.textBytes)}`, schemaLimits.textBytes],
    ["parts", () => `package ${Array.from({ length: 300 }, () => "a").join(".")};`, 100],
    ["imports", () => 'import "a.proto";'.repeat(201), schemaLimits.references],
    ["option", () => `option (x) = ${"{ a ".repeat(100)}${"}".repeat(100)};`, schemaLimits.depth],
  ] as const)
    it(`names the limit on ${what} that a text hits`, () => {
      const error = refusal(() => link(build(), { "a.proto": "" }));
      expect(error.details).to.include({ fault: "limit" });
      expect(error.message).to.contain(String(limit));
    });

  for (const [what, text] of [
    ["reserved numbers", `message M { reserved ${"1, ".repeat(150_000)} 1; }`],
    ["extension ranges", `message M { extensions ${"1, ".repeat(150_000)} 1; }`],
    ["options", `message M { int32 a = 1 [${"a = 1, ".repeat(100_000)} a = 1]; }`],
    ["strings in a row", `option a = ${'"a" '.repeat(150_000)};`],
    ["empty statements", ";".repeat(1_000_000)],
  ] as const)
    it(`reads a text full of ${what}`, () => {
      expect(link(text).file.package).to.equal("");
    });

  it("looks up thousands of long names in a deep scope without delay", function () {
    this.timeout(20_000);
    const part = Array.from({ length: 100 }, () => "a").join(".");
    const fields = Array.from({ length: 4_000 }, (_, n) => `${part}.b${n} f${n} = ${n + 1};`).join("\n");
    const schema = link(
      `package ${part}; ${"message a {".repeat(63)} message M { ${fields} } ${"}".repeat(63)}`,
    );
    const spent = cpuTimeMs(() => {
      let message = schema.file.messages[0];
      while (message?.messages[0] !== undefined) message = message.messages[0];
      for (const { type } of message?.fields ?? [])
        if (type.kind === "named")
          expect(schema.resolve(type.name, message?.fullName ?? "")).to.equal(undefined);
    });
    expect(spent).to.be.lessThan(10_000);
  });
});
