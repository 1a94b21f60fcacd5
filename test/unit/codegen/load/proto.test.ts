import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { loadSources } from "../../../../codegen/load/load.ts";
import { packagedOptions } from "../../../../codegen/load/options.ts";
import { buildImage, resolveBuf, resolveBufFrom } from "../../../../codegen/load/proto/buf.ts";
import { KeryxError } from "../../../../src/core/errors.ts";
import { buildTree, cpuMs, type Files, loadTree, placesOf, writeTree } from "../../../support/schema-tree.ts";

const head = 'syntax = "proto3";\npackage a.v1;\nimport "keryx/v1/options.proto";\n';
const event = '  option (keryx.v1.event) = { topic: "t" };\n';

async function findings(files: Files): Promise<readonly string[]> {
  const { schemas, diagnostics } = await loadTree(files);
  if (diagnostics.length > 0) expect(schemas.events).to.deep.equal([]);
  return placesOf(diagnostics);
}

describe("reading .proto files", () => {
  it("gives documentation, place, deprecation and the index path of every event, nested ones too", async () => {
    const { schemas } = await loadTree({
      "a/v1/a.proto": `${head}message First {}\n\n// Happened.\n//  Indented,\n//\n// and more.\nmessage A {\n${event}  option deprecated = true;\n  map<string, string> m = 1;\n  message Inner {}\n\n  /* Inside. */\n  message B {\n  ${event}  }\n}\n`,
    });
    const [outer, inner] = schemas.events;
    expect(outer).to.include({ name: "a.v1.A", doc: "Happened.\n Indented,\n\nand more.", deprecated: true });
    expect(outer?.at).to.deep.equal({ file: "a/v1/a.proto", line: 10, column: 9 });
    expect(outer?.index).to.deep.equal([1]);
    expect(inner).to.include({ name: "a.v1.A.B", doc: "Inside." });
    // The message that a map stands for does not count.
    expect(inner?.index).to.deep.equal([1, 1]);
    expect(inner?.at).to.include({ line: 17, column: 11 });
  });

  it("points at a syntax error by line and UTF-16 column, behind tabs and wide characters too", async () => {
    expect(
      await findings({ "a.proto": 'syntax = "proto3";\n\t/* 中文😀 */ message A { strin k = 1; }\n' }),
    ).to.deep.equal(["schema-syntax a.proto:2:25"]);
  });

  it("names `keryx init` when our options file is missing or another one", async () => {
    const files = { "a.proto": `${head}message A {\n${event}}\n` };
    const root = await writeTree(files);
    const missing = await loadSources(root, root);
    expect(placesOf(missing.diagnostics)).to.include("options-file a.proto:3:1");
    const old = await loadTree({
      ...files,
      "keryx/v1/options.proto": packagedOptions().replace("51771", "51772"),
    });
    expect(placesOf(old.diagnostics)).to.deep.equal(["options-file keryx/v1/options.proto:1:1"]);
    for (const { help } of [
      ...missing.diagnostics.filter((one) => one.rule === "options-file"),
      ...old.diagnostics,
    ])
      expect(help).to.contain("keryx init");
  });

  it("takes a copy of the options file with other line ends", async () => {
    const crlf = packagedOptions().replaceAll("\n", "\r\n");
    expect(
      await findings({ "keryx/v1/options.proto": crlf, "a.proto": `${head}message A {\n${event}}\n` }),
    ).to.deep.equal([]);
  });

  it("names both places of a name that is defined twice", async () => {
    const text = 'syntax = "proto3";\npackage a;\nmessage A {}\n';
    const { diagnostics } = await loadTree({ "a.proto": text, "b.proto": text });
    expect(diagnostics.map(({ rule, file, line, message }) => [rule, file, line, message])).to.deep.equal([
      ["name-duplicate", "a.proto", 3, "`A` declared multiple times. It is also defined at b.proto:3."],
    ]);
  });

  it("names the loop when files import each other", async () => {
    const { diagnostics } = await loadTree({
      "a.proto": 'syntax = "proto3";\nimport "b.proto";\n',
      "b.proto": 'syntax = "proto3";\nimport "c.proto";\n',
      "c.proto": 'syntax = "proto3";\nimport "a.proto";\n',
    });
    expect(diagnostics.map((one) => one.rule)).to.include("import-unsafe");
    expect(diagnostics.map((one) => one.message).join(" ")).to.match(
      /loop: \w\.proto → \w\.proto → \w\.proto → \w\.proto/,
    );
  });

  for (const path of [
    "../x.proto",
    "/etc/passwd",
    "https://example.com/x.proto",
    "a/../x.proto",
    "nowhere.proto",
  ]) {
    it(`refuses the import ${JSON.stringify(path)}`, async () => {
      const found = await findings({ "a.proto": `syntax = "proto3";\nimport "${path}";\n` });
      expect(found.some((one) => one.startsWith("import-unsafe a.proto:2:"))).to.equal(true);
    });
  }

  it("says where the other type of a name or the rest of a loop is, however many blank lines stand between", async () => {
    const blank = "\n".repeat(200_000);
    const before = cpuMs();
    const loop = await loadTree({
      "a.proto": `syntax = "proto3";${blank}import "b.proto";\n`,
      "b.proto": `syntax = "proto3";\nimport "a.proto";\n`,
    });
    const twice = await loadTree({
      "a.proto": `syntax = "proto3";\nmessage A {}${blank}`,
      "b.proto": `syntax = "proto3";\nmessage A {}${blank}`,
    });
    expect(cpuMs() - before).to.be.lessThan(3_000);
    expect(loop.diagnostics.map((one) => one.message).join(" ")).to.contain("a.proto → b.proto → a.proto");
    expect(twice.diagnostics.map((one) => one.message).join(" ")).to.match(/at [ab]\.proto:2\./);
  });

  for (const [word, line, column] of [
    ["message A { string s = 1 [deprecated = \u00a7]; }", 2, 40],
    ['option java_package = "open;', 2, 23],
    ["/* open", 2, 1],
  ] as const) {
    it(`refuses ${JSON.stringify(word)} before the compiler reads it, at its place`, async () => {
      expect(await findings({ "a.proto": `syntax = "proto3";\n${word}\n` })).to.deep.equal([
        `schema-syntax a.proto:${line}:${column}`,
      ]);
    });
  }

  it("refuses texts that nest without end, in less than a second", async () => {
    const before = cpuMs();
    const deep = `syntax = "proto3";\n${"message A {".repeat(90_000)}`;
    const value = `syntax = "proto3";\noption (x) = ${"{a:".repeat(200_000)}`;
    expect(await findings({ "a.proto": deep, "b.proto": value })).to.deep.equal([
      "schema-limit a.proto:2:1",
      "schema-limit b.proto:2:1",
    ]);
    expect(cpuMs() - before).to.be.lessThan(1000);
  });

  it("refuses more than 5,000 fields, 10,000 enum values and 64 levels of messages", async () => {
    const fields = Array.from({ length: 5_001 }, (_, at) => `string f${at} = ${at + 1};`).join("\n");
    const values = Array.from({ length: 10_001 }, (_, at) => `V${at} = ${at};`).join("\n");
    const nested = `${"message A {\n".repeat(65)}${"}".repeat(65)}\n`;
    expect(
      await findings({
        "a.proto": `syntax = "proto3";\npackage a;\nmessage A {\n${fields}\n}\n`,
        "b.proto": `syntax = "proto3";\npackage b;\nenum E {\n${values}\n}\n`,
        "c.proto": `syntax = "proto3";\npackage c;\n${nested}`,
      }),
    ).to.deep.equal(["schema-limit a.proto:3:1", "schema-limit b.proto:3:1", "schema-limit c.proto:67:1"]);
  });

  it("refuses references that multiply beyond 200", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `f${at}.proto`,
        `syntax = "proto3";\npackage f${at};\n${Array.from({ length: at }, (_, of) => `import "f${of}.proto";\n`).join("")}message M {\n${Array.from({ length: at }, (_, of) => `f${of}.M m${of} = ${of + 1};\n`).join("")}}\n`,
      ]),
    );
    expect(await findings(files)).to.deep.equal([
      "schema-limit f8.proto:1:1",
      "schema-limit f9.proto:1:1",
      "schema-limit f10.proto:1:1",
      "schema-limit f11.proto:1:1",
    ]);
  });

  it("carries the texts of imported files as references, standard ones aside", async () => {
    const money = 'syntax = "proto3";\npackage shared;\n\nmessage Money { int64 minor = 1; }\n';
    const { schemas, diagnostics } = await loadTree({
      "shared/money.proto": money,
      "a/v1/a.proto": `${head}import "google/protobuf/timestamp.proto";\nimport "shared/money.proto";\nmessage A {\n${event}  shared.Money m = 1;\n  google.protobuf.Timestamp t = 2;\n}\n`,
    });
    expect(diagnostics).to.deep.equal([]);
    expect(schemas.events[0]?.wire.references).to.deep.equal([
      { name: "shared/money.proto", subject: "shared/money.proto", schema: money, references: [] },
    ]);
  });

  it("reads imports from another module of the buf workspace", async () => {
    const root = await writeTree({
      "buf.yaml": "version: v2\nmodules:\n  - path: schemas\n  - path: vendor\n",
      "vendor/money.proto": 'syntax = "proto3";\npackage vendor;\nmessage Money { int64 minor = 1; }\n',
      "schemas/keryx/v1/options.proto": packagedOptions(),
      "schemas/a.proto": `${head}import "money.proto";\nmessage A {\n${event}  vendor.Money m = 1;\n}\n`,
    });
    const { schemas, diagnostics } = await loadSources(`${root}/schemas`, root);
    expect(diagnostics).to.deep.equal([]);
    expect(schemas.events[0]?.wire.references.map((one) => one.name)).to.deep.equal(["money.proto"]);
    expect(schemas.protobuf?.files.map((file) => file.proto.name)).to.deep.equal(["a.proto"]);
  });

  it("asks no compiler where our options file is all there is in Protobuf", async () => {
    const root = await writeTree({
      // The compiler would not take it.
      "buf.yaml": "version: none\n",
      "keryx/v1/options.proto": packagedOptions(),
      "a.avsc": JSON.stringify({ type: "record", name: "a.A", keryx: { topic: "a" }, fields: [] }),
    });
    const { schemas, diagnostics } = await loadSources(root, root);
    expect([diagnostics, schemas.events.map(({ name }) => name)]).to.deep.equal([[], ["a.A"]]);
  });

  it("hands the Protobuf generator files without our options", async () => {
    const { schemas } = await loadTree({
      "a/v1/a.proto": `${head}import "google/protobuf/timestamp.proto";\nmessage A {\n  option (keryx.v1.event) = { topic: "a-topic" };\n  option deprecated = true;\n  string k = 1 [(keryx.v1.field).sensitive = true];\n  google.protobuf.Timestamp t = 2;\n}\n`,
    });
    const [file, ...others] = schemas.protobuf?.files ?? [];
    expect(others).to.deep.equal([]);
    expect(Buffer.from(toBinary(FileDescriptorProtoSchema, file!.proto)).includes("a-topic")).to.equal(false);
    const [message] = file?.proto.messageType ?? [];
    expect(file?.proto.dependency).to.deep.equal(["google/protobuf/timestamp.proto"]);
    expect(message?.options?.deprecated).to.equal(true);
    expect(message?.field[0]?.options).to.equal(undefined);
  });

  it("marks fields that our option or Confluent's tag PII marks, and refuses a contradiction", async () => {
    const meta =
      'syntax = "proto3";\npackage confluent;\nimport "google/protobuf/descriptor.proto";\nmessage Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }\nextend google.protobuf.FieldOptions { Meta field_meta = 1088; }\n';
    const { schemas, diagnostics } = await loadTree({
      "confluent/meta.proto": meta,
      "a/v1/a.proto": `${head}import "confluent/meta.proto";\nmessage A {\n${event}  string own = 1 [(keryx.v1.field).sensitive = true];\n  string pii = 2 [(confluent.field_meta) = { doc: "d" params: { key: "a" value: "b" } tags: "x" tags: "PII" }];\n  string dotted = 3 [(confluent.field_meta).tags = "PII"];\n  string other = 4 [(confluent.field_meta).tags = "PIII"];\n  string plain = 5 [(keryx.v1.field).sensitive = false];\n  string both = 6 [(keryx.v1.field).sensitive = false, (confluent.field_meta).tags = "PII"];\n}\n`,
    });
    expect([...schemas.sensitive]).to.deep.equal(["a.v1.A.own", "a.v1.A.pii", "a.v1.A.dotted"]);
    expect(placesOf(diagnostics)).to.deep.equal(["option-conflict a/v1/a.proto:12:10"]);
  });

  it("says which command installs a missing compiler, in one sentence", () => {
    for (const from of [["/"], []])
      try {
        resolveBufFrom(from.map((folder) => `${folder}package.json`));
        expect.fail("it was found");
      } catch (error) {
        expect(error).to.be.instanceOf(KeryxError);
        expect(error).to.include({
          code: "dependency_missing",
          help: "Run `npm install --save-dev @bufbuild/buf`.",
        });
      }
  });

  it("reports what is no complaint about a schema as its own error", async () => {
    const root = await writeTree({ "buf.yaml": "version: v9\n", "a.proto": 'syntax = "proto3";\n' });
    const failure = await buildImage(resolveBuf(root), root, true).catch((error: unknown) => error);
    expect(failure).to.include({ code: "generate_failed" });
    const none = await buildImage("/nowhere/buf", root, true).catch((error: unknown) => error);
    expect(none).to.include({ code: "generate_failed" });
  });

  it("never uses the network for a module that is not in the cache", async () => {
    const root = await writeTree({
      "buf.yaml": "version: v2\ndeps:\n  - buf.build/keryx-test/does-not-exist\n",
      "a.proto": 'syntax = "proto3";\n',
    });
    const before = performance.now();
    await loadSources(root, root).catch((error: unknown) =>
      expect(error).to.include({ code: "generate_failed" }),
    );
    expect(performance.now() - before).to.be.lessThan(15_000);
  });

  it("gives the same model for every order of files, working directory and line end", async () => {
    const files: Files = {
      "b/b.proto": `${head.replace("a.v1", "b")}import "google/protobuf/timestamp.proto";\nimport "c/c.proto";\nmessage B {\n  // Docs.\n${event}  c.C c = 1 [(keryx.v1.field).sensitive = true];\n}\n`,
      "c/c.proto": 'syntax = "proto3";\npackage c;\nmessage C {}\n',
      "a/a.proto": `${head}import "c/c.proto";\nmessage A {\n${event}  c.C c = 1;\n}\n`,
    };
    const view = async (order: Files): Promise<string> => {
      const { model } = await buildTree(order);
      const events = model.events.map(({ source: _, ...event }) => event);
      return JSON.stringify([events, model.protobuf?.files.map((file) => file.proto.name)]);
    };
    const reversed = Object.fromEntries(Object.entries(files).reverse());
    const crlf = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, String(text).replaceAll("\n", "\r\n")]),
    );
    expect(await view(reversed)).to.equal(await view(files));
    expect(await view(crlf)).to.equal(await view(files));
  });
});
