import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { runCommand } from "../../../support/command.ts";
import { cpuMs, type Files, writeTree } from "../../../support/schema-tree.ts";

const order = (body: string): string => `syntax = "proto3";\npackage p;\nmessage Order {\n${body}\n}\n`;
const record = (...fields: string[]): string =>
  `{"type": "record", "name": "R", "fields": [${fields.map((one) => `{"name": "${one}", "type": "int"}`)}]}`;

interface Asked {
  readonly exit: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answer is JSON of a program, looked at member by member
  readonly json: any;
  readonly note: string;
}

async function ask(files: Files, ...args: readonly string[]): Promise<Asked> {
  const cwd = await writeTree(files);
  const { exit, out, note } = await runCommand(cwd, ["compat", ...args, "--json"]);
  return { exit, json: out === "" ? undefined : JSON.parse(out), note };
}

const text = { "old.proto": order("string a = 1;"), "new.proto": order("int32 a = 1;") };
const fine = { "old.proto": order("string a = 1;"), "new.proto": order("string a = 1;\nstring b = 2;") };
// The registry says no, the bytes are safe; and the other way round.
const registryOnly = {
  "old.proto": "message A {} message B {}",
  "new.proto": "message A {}",
};
const wireOnly = { "old.proto": order("string a = 1;"), "new.proto": order("") };

describe("keryx compat --json", () => {
  it("prints the members that programs read, in their order", async () => {
    const { exit, json, note } = await ask(text, "old.proto", "new.proto");
    expect([exit, note]).to.deep.equal([3, ""]);
    expect(Object.keys(json)).to.deep.equal([
      ...["compatible", "level", "dialect", "verdicts", "differences", "wire", "ruleSet", "strongest"],
    ]);
    expect(json).to.deep.include({
      compatible: false,
      level: "BACKWARD",
      dialect: "confluent-8",
      verdicts: { registry: false, wire: false },
      ruleSet: "C",
      strongest: "NONE",
    });
    const [difference] = json.differences;
    expect(Object.keys(difference)).to.deep.equal([
      ...["kind", "path", "message", "compatible", "direction", "against", "advice"],
    ]);
    expect(difference).to.include({
      kind: "FIELD_SCALAR_KIND_CHANGED",
      path: "#/Order/1",
      compatible: false,
      direction: "backward",
      against: 0,
    });
    const [problem] = json.wire;
    expect(problem).to.include({ kind: "TYPE_CHANGED", path: "#/Order/1" });
    expect(problem.message).to.be.a("string").and.not.equal("");
    expect(problem.advice).to.be.a("string").and.not.equal("");
  });

  it("lists compatible differences too, without advice", async () => {
    const { exit, json } = await ask(fine, "old.proto", "new.proto");
    expect([exit, json.compatible, json.strongest]).to.deep.equal([0, true, undefined]);
    expect(json.differences).to.have.length(1);
    expect(json.differences[0]).to.include({ kind: "FIELD_ADDED", compatible: true });
    expect(json.differences[0]).to.not.have.property("advice");
  });

  it("ends with 3 when a verdict that was asked for is false, and prints both all the same", async () => {
    for (const [files, verdict, expected] of [
      [registryOnly, "registry", 3],
      [registryOnly, "wire", 0],
      [registryOnly, "both", 3],
      [wireOnly, "registry", 0],
      [wireOnly, "wire", 3],
      [wireOnly, "both", 3],
      [fine, "both", 0],
    ] as const) {
      const { exit, json } = await ask(files, "old.proto", "new.proto", "--verdict", verdict);
      expect(exit, verdict).to.equal(expected);
      expect(json.verdicts).to.deep.equal({ registry: files !== registryOnly, wire: files !== wireOnly });
    }
    expect((await ask(wireOnly, "old.proto", "new.proto")).exit).to.equal(3);
  });

  it("takes several old files for a history, oldest first", async () => {
    const files = {
      "1.avsc": record("b"),
      "2.avsc": record("a", "b"),
      "3.avsc": record("a"),
      "new.avsc": record("a"),
    };
    const transitive = await ask(
      files,
      "1.avsc",
      "2.avsc",
      "3.avsc",
      "new.avsc",
      "--level",
      "BACKWARD_TRANSITIVE",
    );
    expect(transitive.json.differences.map((one: { against: number }) => one.against)).to.deep.equal([0]);
    expect(transitive.exit).to.equal(3);
    const newest = await ask(files, "1.avsc", "2.avsc", "3.avsc", "new.avsc", "--verdict", "registry");
    expect([newest.exit, newest.json.differences]).to.deep.equal([0, []]);
  });

  it("takes each file for what its name says, and another type for a changed one", async () => {
    const { exit, json } = await ask({ ...text, "new.avsc": record("a") }, "old.proto", "new.avsc");
    expect(exit).to.equal(3);
    expect(json.differences.map((one: { kind: string }) => one.kind)).to.deep.equal(["SCHEMA_TYPE_CHANGED"]);
    expect(json.wire.map((one: { kind: string }) => one.kind)).to.deep.equal(["SCHEMA_TYPE_CHANGED"]);
    const none = await ask(
      { ...text, "new.avsc": record("a") },
      "old.proto",
      "new.avsc",
      "--level",
      "NONE",
      "--verdict",
      "registry",
    );
    expect(none.exit).to.equal(0);
  });

  it("reads any name with --type, base64 descriptors among them", async () => {
    // name a, package p, message Order with string a = 1, syntax proto3
    const field = Buffer.from([0x0a, 1, 0x61, 0x18, 1, 0x20, 1, 0x28, 9]);
    const message = Buffer.concat([
      Buffer.from([0x0a, 5]),
      Buffer.from("Order"),
      Buffer.from([0x12, field.length]),
      field,
    ]);
    const file = Buffer.concat([
      Buffer.from([0x0a, 1, 0x61, 0x12, 1, 0x70, 0x22, message.length]),
      message,
      Buffer.from([0x62, 6]),
      Buffer.from("proto3"),
    ]);
    const files = { ...text, "old.desc": file.toString("base64") };
    const { exit, json } = await ask(files, "old.desc", "new.proto", "--type", "PROTOBUF");
    expect(exit).to.equal(3);
    expect(json.differences[0]).to.include({ kind: "FIELD_SCALAR_KIND_CHANGED", path: "#/Order/1" });
    const same = await ask(
      { ...files, "old.proto": file.toString("base64") },
      "old.proto",
      "old.desc",
      "--type",
      "PROTOBUF",
    );
    expect([same.exit, same.json.differences]).to.deep.equal([0, []]);
  });
});

describe("keryx compat on input that cannot be judged", () => {
  it("names code, file, line and column, and ends with 1", async () => {
    for (const [name, broken, line] of [
      ["new.proto", 'syntax = "proto3";\nmessage {', 2],
      ["new.avsc", '{"type": "record",\n "name": 7, "fields": []}', 2],
    ] as const) {
      const { exit, json, note } = await ask(
        { ...text, "old.avsc": record("a"), [name]: broken },
        name.replace("new", "old"),
        name,
      );
      expect([exit, note]).to.deep.equal([1, ""]);
      expect(Object.keys(json)).to.deep.equal(["error"]);
      expect(json.error).to.include({ code: "schema_invalid", file: name, line });
      expect(json.error.column).to.be.a("number");
      expect(json.error.message).to.be.a("string").and.not.match(/^\d+:/);
    }
  });

  it("says the same on standard error for people", async () => {
    const cwd = await writeTree({ ...text, "new.proto": 'syntax = "proto3";\nmessage {' });
    const { exit, out, note } = await runCommand(cwd, ["compat", "old.proto", "new.proto"]);
    expect([exit, out]).to.deep.equal([1, ""]);
    expect(note).to.match(/^error \[schema_invalid\] new\.proto:2:\d+: /);
  });

  it("tells of files that are not there, are folders, or are no text", async () => {
    const files = { ...text, "folder/x.proto": "", "bytes.proto": new Uint8Array([0xff, 0xfe, 0x00]) };
    for (const [name, words] of [
      ["gone.proto", "cannot be read (ENOENT)"],
      ["folder", "not a file"],
      ["bytes.proto", "not UTF-8"],
    ] as const) {
      const args = ["old.proto", name, "--type", "PROTOBUF"];
      const { exit, json } = await ask(files, ...args);
      expect(exit, name).to.equal(1);
      expect(json.error).to.include({ code: "schema_invalid", file: name });
      expect(json.error.message).to.include(words);
    }
  });

  it("takes what it does not know for wrong usage", async () => {
    for (const args of [
      ["old.proto"],
      [],
      ["old.proto", "new.proto", "--level", "backward"],
      ["old.proto", "new.proto", "--level", "__proto__"],
      ["old.proto", "new.proto", "--dialect", "confluent-6"],
      ["old.proto", "new.proto", "--verdict", "none"],
      ["old.proto", "new.proto", "--type", "JSON"],
      ["old.proto", "new.txt"],
      ["old.proto", "new.proto", "--import", "nowhere"],
      ["--batch", "old.proto"],
      ["--batch", "--import", "."],
    ]) {
      const { exit, json } = await ask({ ...text, "new.txt": "" }, ...args);
      expect(exit, args.join(" ")).to.equal(2);
      expect(json.error.code).to.equal("usage");
    }
  });
});

describe("the dialect of keryx compat", () => {
  const packages = {
    "old.proto": 'syntax = "proto3"; package p; message A {}',
    "new.proto": 'syntax = "proto3"; package q; message A {}',
  };

  it("is the flag's, else that of keryx.yaml, else confluent-8", async () => {
    const project = { ...packages, "keryx.yaml": "registry:\n  dialect: confluent-7.5\n" };
    expect((await ask(packages, "old.proto", "new.proto")).json.dialect).to.equal("confluent-8");
    expect((await ask(project, "old.proto", "new.proto")).json.dialect).to.equal("confluent-7.5");
    const flag = await ask(
      project,
      "old.proto",
      "new.proto",
      "--dialect",
      "confluent-7.5.0",
      "--verdict",
      "registry",
    );
    expect([flag.exit, flag.json.dialect, flag.json.ruleSet]).to.deep.equal([0, "confluent-7.5.0", "B"]);
  });

  it("of a keryx.yaml that cannot be used is not guessed, and the file is not read when the flag is there", async () => {
    for (const yaml of ["registry: [\n", "registry:\n  dialect: confluent-99\n"]) {
      const project = { ...packages, "keryx.yaml": yaml };
      const guessed = await ask(project, "old.proto", "new.proto");
      expect(guessed.exit).to.equal(2);
      expect(guessed.json.error.code).to.equal("config_invalid");
      expect(guessed.json.error.help).to.include("--dialect");
      expect((await ask(project, "old.proto", "new.proto", "--dialect", "confluent-head")).exit).to.equal(3);
    }
  });
});

describe("the imports of keryx compat", () => {
  const importing = 'syntax = "proto3"; package p; import "a/money.proto"; message M { Money m = 1; }';
  const money = (type: string): string =>
    `syntax = "proto3"; package p; import "a/unit.proto"; message Money { ${type} a = 1; Unit u = 2; }`;
  const unit = 'syntax = "proto3"; package p; enum Unit { NONE = 0; }';

  it("are looked for in the schema's own folder first, then in each given one, indirect ones too", async () => {
    const files = {
      "old/m.proto": importing,
      "old/a/money.proto": money("int32"),
      "new/m.proto": importing,
      "shared/a/money.proto": money("string"),
      "shared/a/unit.proto": unit,
      "other/a/money.proto": money("int64"),
    };
    const args = ["old/m.proto", "new/m.proto", "--import", "shared", "--import", "other"];
    const { exit, json } = await ask(files, ...args);
    expect(exit).to.equal(3);
    expect(json.differences.map((one: { kind: string }) => one.kind)).to.include("FIELD_SCALAR_KIND_CHANGED");
    const swapped = await ask(
      files,
      "old/m.proto",
      "new/m.proto",
      "--import",
      "other",
      "--import",
      "shared",
      "--verdict",
      "registry",
    );
    expect(swapped.exit).to.equal(0);
  });

  it("that are not there are named with their place and with where they were looked for", async () => {
    const files = {
      "old/m.proto": importing,
      "new/m.proto": importing,
      "new/a/money.proto": money("int32"),
      "x/y.proto": "",
    };
    const first = await ask(files, "old/m.proto", "new/m.proto", "--import", "x");
    expect([first.exit, first.json.error.file, first.json.error.line]).to.deep.equal([1, "old/m.proto", 1]);
    expect(first.json.error.message).to.include('"a/money.proto"').and.include("Looked in: old, x.");
    const inner = await ask(files, "new/m.proto", "new/m.proto", "--import", "x");
    expect(inner.json.error.file).to.equal(join("new", "a/money.proto"));
    expect(inner.json.error.message).to.include('"a/unit.proto"');
  });

  it("never lead out of the folders", async () => {
    const secret = 'syntax = "proto3"; message Secret { int32 a = 1; }';
    const cwd = await writeTree({ "secret.proto": secret, "in/sub/x.proto": "", "in/real.proto": secret });
    symlinkSync(join(cwd, "secret.proto"), join(cwd, "in", "link.proto"));
    symlinkSync(cwd, join(cwd, "in", "up"));
    symlinkSync(join(cwd, "in", "real.proto"), join(cwd, "in", "inside.proto"));
    for (const [path, exit] of [
      ["../secret.proto", 1],
      ["sub/../../secret.proto", 1],
      [join(cwd, "secret.proto"), 1],
      ["link.proto", 1],
      ["up/secret.proto", 1],
      ["./real.proto", 1],
      ["sub", 1],
      ["", 1],
      ["a\\\\b.proto", 1],
      ["C:/x.proto", 1],
      ["x".repeat(5_000), 1],
      ["inside.proto", 0],
      ["real.proto", 0],
    ] as const) {
      writeFileSync(join(cwd, "in", "m.proto"), `syntax = "proto3"; import "${path}"; message M {}`);
      const answer = await runCommand(cwd, ["compat", "in/m.proto", "in/m.proto", "--json"]);
      expect(answer.exit, path).to.equal(exit);
      if (exit === 1) expect(JSON.parse(answer.out).error.code).to.equal("schema_invalid");
    }
  });

  it("end when they import each other", async () => {
    const files = {
      "old.proto": 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }',
      "b.proto": 'syntax = "proto3"; import "c.proto"; message B { C c = 1; }',
      "c.proto": 'syntax = "proto3"; import "b.proto"; message C { B b = 1; }',
    };
    expect((await ask(files, "old.proto", "old.proto")).exit).to.equal(0);
  });

  it("of Avro are files named after the type, by folders or by full or simple name", async () => {
    const r = '{"type": "record", "name": "R", "fields": [{"name": "m", "type": "a.b.Money"}]}';
    const money = (type: string): string =>
      `{"type": "record", "name": "Money", "namespace": "a.b", "fields": [{"name": "c", "type": "${type}"}]}`;
    for (const path of ["new/a/b/Money.avsc", "new/a.b.Money.avsc", "new/Money.avsc"]) {
      const files = {
        "old/r.avsc": r,
        "new/r.avsc": r,
        "old/Money.avsc": money("string"),
        [path]: money("int"),
      };
      const { exit, json } = await ask(files, "old/r.avsc", "new/r.avsc");
      expect(exit, path).to.equal(3);
      expect(json.differences[0]).to.include({ kind: "TYPE_MISMATCH", path: "/fields/0/type/fields/0/type" });
    }
    const gone = await ask({ "r.avsc": r }, "r.avsc", "r.avsc");
    expect([gone.exit, gone.json.error.file]).to.deep.equal([1, "r.avsc"]);
    expect(gone.json.error.message).to.include("a.b.Money").and.include("Looked in: .");
    const broken = await ask({ "r.avsc": r, "Money.avsc": "{" }, "r.avsc", "r.avsc");
    expect(broken.json.error).to.include({ file: "Money.avsc", line: 1 });
  });
});

describe("keryx compat on schemas beyond the limits", () => {
  const many = (count: number, show: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => show(at)).join("\n");
  const nested = (depth: number, open: (at: number) => string, close: string): string =>
    many(depth, open) + close.repeat(depth);

  for (const [name, schema] of [
    ["10,000 fields.proto", order(many(10_000, (at) => `string f${at} = ${at + 1};`))],
    ["deep.proto", `syntax = "proto3"; ${nested(5_000, (at) => `message M${at} {`, "}")}`],
    ["10,000 fields.avsc", record(...Array.from({ length: 10_000 }, (_, at) => `f${at}`))],
    ["deep.avsc", `${'{"type": "array", "items": '.repeat(5_000)}"int"${"}".repeat(5_000)}`],
    ["large.avsc", `"${" ".repeat(2_000_000)}"`],
  ] as const)
    it(`refuses ${name} quickly and names the limit`, async () => {
      const before = cpuMs();
      const { exit, json } = await ask({ [name]: schema }, name, name);
      expect(exit).to.equal(1);
      expect(json.error).to.include({ code: "schema_invalid", file: name });
      expect(json.error.message).to.match(
        /more than [\d,]+|larger than [\d,]+|nested too deeply|deeper than/i,
      );
      expect(cpuMs() - before).to.be.lessThan(2_000);
    });
});
