import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { loadSources } from "../../../../codegen/load/load.ts";
import { readSources } from "../../../../codegen/load/sources.ts";
import { placesOf, writeTree } from "../../../support/schema-tree.ts";

const proto = 'syntax = "proto3";\n';

describe("reading schema files", () => {
  it("finds .proto and .avsc files in all folders, sorted by code units, and nothing else", async () => {
    const root = await writeTree({
      "b/x.proto": proto,
      "B/x.avsc": '"int"',
      "a.proto": proto,
      "b/readme \n*.md": "any name will do here",
      "b.proto": proto,
    });
    const { tree, diagnostics } = await readSources(root);
    expect(diagnostics).to.deep.equal([]);
    expect(tree.proto.map((one) => one.path)).to.deep.equal(["a.proto", "b.proto", "b/x.proto"]);
    expect(tree.avro.map((one) => one.path)).to.deep.equal(["B/x.avsc"]);
  });

  for (const name of [
    "a\nb.proto",
    "a\u2028b.proto",
    "a*b.proto",
    'a"b.proto',
    "a'b.avsc",
    "a`b.avsc",
    "a\\b.proto",
    "a b.proto",
    "-o.proto",
    ".hidden.proto",
    "é.proto",
    "\u001b[31m.proto",
    "$(touch pwned).proto",
    ";touch pwned;.proto",
    "con.proto",
    "LPT1.avsc",
  ]) {
    it(`refuses the path ${JSON.stringify(name)} before the compiler sees it, in the folder's name too`, async () => {
      for (const path of [name, `${name.replace(/\.(proto|avsc)$/, "")}/x.proto`]) {
        const root = await writeTree({ [path]: "this is no schema" });
        const { schemas, diagnostics } = await loadSources(root, root);
        expect(schemas.events).to.deep.equal([]);
        expect(diagnostics.map((one) => one.rule)).to.deep.equal(["path-unsafe"]);
        expect(JSON.stringify(diagnostics)).not.to.match(/\\n|\u2028|\\u001b/);
        expect(existsSync("pwned") || existsSync(join(root, "pwned"))).to.equal(false);
      }
    });
  }

  it("does not follow symbolic links, to files or to folders", async () => {
    const root = await writeTree({ "a.proto": proto });
    const outside = await writeTree({ "secret.proto": "not yours" });
    await symlink(join(outside, "secret.proto"), join(root, "link.proto"));
    await symlink(outside, join(root, "folder"));
    const { tree, diagnostics } = await readSources(root);
    expect(tree.proto.map((one) => one.path)).to.deep.equal(["a.proto"]);
    expect(diagnostics.map((one) => one.message)).to.deep.equal([
      "folder is a symbolic link; links are not followed.",
      "link.proto is a symbolic link; links are not followed.",
    ]);
  });

  it("refuses a file above 1 MiB without reading it, and text that is not UTF-8", async () => {
    const root = await writeTree({
      "big.avsc": new Uint8Array(1_048_577),
      "bytes.proto": Uint8Array.of(0xff, 0xfe),
      "fits.proto": `${proto}//${"x".repeat(1_048_500)}`,
    });
    const { tree, diagnostics } = await readSources(root);
    expect(placesOf(diagnostics)).to.have.members([
      "schema-limit big.avsc:1:1",
      "schema-syntax bytes.proto:1:1",
    ]);
    expect(tree.proto.map((one) => one.path)).to.deep.equal(["fits.proto"]);
  });

  it("refuses folders that go on for ever", async () => {
    const root = await writeTree({});
    const deep = join(root, ...Array.from({ length: 40 }, () => "d"));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, "a.proto"), proto);
    expect((await readSources(root)).diagnostics.map((one) => one.rule)).to.deep.equal(["path-unsafe"]);
  });

  it("names `keryx init` when there is no schema folder", async () => {
    const failure = await readSources("/nowhere/at/all").then(
      () => undefined,
      (error: { code: string; help: string }) => error,
    );
    expect(failure?.code).to.equal("generate_failed");
    expect(failure?.help).to.contain("keryx init");
  });
});
