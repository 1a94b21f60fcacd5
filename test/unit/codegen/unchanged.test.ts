import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { compare, emit, loadModel, type Project } from "../../../codegen/index.ts";
import { packagedOptions } from "../../../codegen/load/options.ts";
import { isUnchanged } from "../../../codegen/unchanged.ts";
import { writeTree } from "../../support/schema-tree.ts";

const target = { out: "generated", generator: "keryx 1.0.0" };
const proto = `syntax = "proto3";
package a.v1;
import "keryx/v1/options.proto";
import "google/protobuf/timestamp.proto";
// Happened.
message A {
  option (keryx.v1.event) = { topic: "t" key: "k" };
  string k = 1;
  google.protobuf.Timestamp at = 2;
}
`;
const avro = JSON.stringify({ type: "record", name: "b.B", keryx: { topic: "u" }, fields: [] });
const files = {
  "schemas/keryx/v1/options.proto": packagedOptions(),
  "schemas/a/v1/a.proto": proto,
  "schemas/b.avsc": avro,
};

describe("a project of which nothing changed since the last run", () => {
  let root: string;
  let project: Project;
  // Made once and copied: most tests begin with a project that was generated.
  let complete: string;
  const put = async (path: string, text: string): Promise<void> => writeFile(join(root, path), text);
  const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
  const generate = async (one = project): Promise<void> => {
    await emit(one, await loadModel(one), target);
  };
  const unchanged = (one = project, by = target): Promise<boolean> => isUnchanged(one, by);

  const copyGenerated = async (): Promise<void> => cp(complete, root, { recursive: true });
  const begin = async (): Promise<void> => {
    root = await writeTree(files);
    project = { root, schemas: "schemas", settings: { defaults: { owner: "us" } } };
  };

  before(async () => {
    await begin();
    await generate();
    complete = root;
  });
  beforeEach(begin);

  it("is told without a compiler, on another checkout with other line ends too", async () => {
    expect(await unchanged()).to.equal(false);
    await generate();
    expect(await unchanged()).to.equal(true);
    expect(await compare(project, await loadModel(project), target)).to.deep.equal([]);
    for (const path of ["schemas/a/v1/a.proto", "schemas.lock.json", "generated/index.ts"])
      await put(path, (await read(path)).replaceAll("\n", "\r\n"));
    await put(
      "generated/.keryx-manifest.json",
      (await read("generated/.keryx-manifest.json")).replaceAll("\n", "\r\n"),
    );
    expect(await unchanged()).to.equal(true);
  });

  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    "a schema": () => put("schemas/a/v1/a.proto", proto.replace("Happened", "Happens")),
    "a new schema": () => put("schemas/c.avsc", avro.replace("b.B", "c.C")),
    "a schema that is gone": () => rm(join(root, "schemas/b.avsc")),
    "a hostile path": () => put("schemas/a b.avsc", avro),
    "the lock file": () => put("schemas.lock.json", "{}\n"),
    "a missing lock file": () => rm(join(root, "schemas.lock.json")),
    "an edited output": async () => put("generated/index.ts", `${await read("generated/index.ts")}\n`),
    "a missing output": () => rm(join(root, "generated/topics/u.ts")),
    "an output that no schema gives": async () => put("generated/old.ts", await read("generated/index.ts")),
    "an edited manifest": async () =>
      put(
        "generated/.keryx-manifest.json",
        (await read("generated/.keryx-manifest.json")).replace('"fallbacks": {', '"fallbacks": { "x": "y",'),
      ),
    "a missing manifest": () => rm(join(root, "generated/.keryx-manifest.json")),
    "a module file of buf": () => put("buf.yaml", "version: v2\n"),
    "how imports end": () => put("tsconfig.json", "{}"),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`is not taken for unchanged after a change of ${what}`, async () => {
      await copyGenerated();
      expect(await unchanged()).to.equal(true);
      await change();
      expect(await unchanged()).to.equal(false);
    });
  }

  it("is not taken for unchanged by another version, policy or folder", async () => {
    await copyGenerated();
    expect(await unchanged(project, { ...target, generator: "keryx 1.0.1" })).to.equal(false);
    expect(await unchanged(project, { ...target, out: "elsewhere" })).to.equal(false);
    expect(await unchanged({ ...project, settings: { defaults: { owner: "them" } } })).to.equal(false);
  });

  it("is looked at again while there are warnings, which every run shows", async () => {
    await put(
      "schemas/a/v1/a.proto",
      `${proto}\nmessage C {\n  option (keryx.v1.event) = { topic: "v" };\n}\n`,
    );
    expect((await loadModel(project)).diagnostics.map((one) => one.severity)).to.include("warning");
    await generate();
    expect(await unchanged()).to.equal(false);
  });

  it("is looked at again while it imports from outside its schema folder", async () => {
    await put("buf.yaml", "version: v2\nmodules:\n  - path: schemas\n  - path: shared\n");
    await mkdir(join(root, "shared/s"), { recursive: true });
    await put("shared/s/s.proto", 'syntax = "proto3";\npackage s;\nmessage S {}\n');
    await put(
      "schemas/a/v1/a.proto",
      proto
        .replace("  string k", "  s.S s = 3;\n  string k")
        .replace('import "g', 'import "s/s.proto";\nimport "g'),
    );
    const checked = await loadModel(project);
    expect(checked.diagnostics).to.deep.equal([]);
    await generate();
    expect(await unchanged()).to.equal(false);
  });
});
