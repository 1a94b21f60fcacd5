import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { sampleJson } from "../../../../codegen/cli/bench/sample.ts";
import { loadModel } from "../../../../codegen/index.ts";
import { createJsonCodecs } from "../../../../src/serde/json.ts";
import { runCommand } from "../../../support/command.ts";
import { repository } from "../../../support/generated-code.ts";
import { samples } from "../../../support/samples.ts";
import { buildTree, writeTree } from "../../../support/schema-tree.ts";

interface Report {
  readonly rows: readonly { readonly name: string; readonly [figure: string]: unknown }[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

describe("keryx bench codec", function () {
  this.timeout(60_000);
  const avro = (fields: string, keryx = '"topic": "t"'): string =>
    `{ "type": "record", "name": "a.A", "keryx": { ${keryx} }, "fields": [${fields}] }`;
  /** A project of its own that has Keryx and Protobuf-ES, and nothing else. */
  const project = async (schema: string): Promise<string> => {
    const root = await writeTree({ "schemas/a.avsc": schema });
    mkdirSync(join(root, "node_modules"));
    symlinkSync(repository, join(root, "node_modules", "keryx"));
    symlinkSync(join(repository, "node_modules", "@bufbuild"), join(root, "node_modules", "@bufbuild"));
    return root;
  };

  it("compares a Protobuf event with its JSON and with protobuf-es, and leaves nothing behind", async () => {
    const { exit, out } = await runCommand(repository, ["bench", "codec", "order.placed", "--json"]);
    expect(exit).to.equal(0);
    const { rows, skipped } = JSON.parse(out) as Report;
    expect(skipped).to.deep.equal([]);
    expect(rows.map(({ name }) => name)).to.deep.equal(["Keryx, Protobuf", "Keryx, JSON", "protobuf-es"]);
    for (const row of rows)
      for (const figure of ["bytes", "gzipBytes", "zstdBytes", "encodeNs", "decodeNs"])
        expect(row[figure], `${row.name} ${figure}`).to.be.a("number").above(0);
    expect(rows[0]?.["bytes"]).to.equal(rows[2]?.["bytes"]);
    expect(readdirSync(repository).filter((name) => name.startsWith(".keryx-bench"))).to.deep.equal([]);
  });

  it("takes a value of the user's, and names a library that is not installed", async () => {
    const root = await project(avro('{ "name": "list", "type": { "type": "array", "items": "long" } }'));
    writeFileSync(join(root, "value.json"), '{ "list": [1, "9007199254740993"] }');
    // As `npm init` writes it.
    writeFileSync(join(root, "package.json"), '{ "type": "commonjs" }');
    const { exit, out, note } = await runCommand(root, ["bench", "codec", "A", "--value", "value.json"]);
    expect(exit, note).to.equal(0);
    expect(out).to.match(/^ +bytes +gzip +zstd +encode ns +decode ns\nKeryx, Avro +11 /);
    expect(out).to.match(/^Keryx, JSON +29 /m);
    expect(note).to.include("skipped avsc: it is not installed");
    expect(existsSync(join(root, "generated"))).to.equal(false);
  });

  it("says what is wrong with a value, and where none can be made up", async () => {
    const root = await project(avro('{ "name": "self", "type": "a.A" }'));
    const endless = await runCommand(root, ["bench", "codec", "A"]);
    expect(endless.exit).to.equal(2);
    expect(endless.note).to.include("--value");
    writeFileSync(join(root, "value.json"), '{ "self": 7 }');
    const wrong = await runCommand(root, ["bench", "codec", "A", "--value", "value.json"]);
    expect(wrong.exit).to.equal(1);
    expect(wrong.note).to.include("self").and.include("decode_failed");
    expect((await runCommand(root, ["bench", "codec", "A", "--value", "nowhere.json"])).exit).to.equal(2);
  });

  it("makes up a value of every sample event, and of types inside themselves", async () => {
    const { model } = await loadModel({ root: repository, schemas: "schemas", settings: {} });
    const codecs = createJsonCodecs();
    for (const one of model.events) {
      const json = sampleJson(one) as object;
      expect(Object.keys(json), one.name).to.not.be.empty;
      const event = samples.find((sample) => sample.event.name === one.name)?.event;
      if (event?.format === "avro")
        codecs({ ...event, serialization: "JSON" }).decode(Buffer.from(JSON.stringify(json)));
    }
    const recursive = await buildTree({
      "a.avsc": avro(
        '{ "name": "next", "type": ["null", "a.A"] }, { "name": "all", "type": { "type": "array", "items": "a.A" } }',
      ),
    });
    const [event] = recursive.model.events;
    expect(event && JSON.stringify(sampleJson(event))).to.include('"next":null,"all":[]');
  });
});
