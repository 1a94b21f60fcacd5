import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { compare, emit, loadModel, type Project } from "../../../codegen/index.ts";
import { packagedOptions } from "../../../codegen/load/options.ts";
import { placesOf, writeTree } from "../../support/schema-tree.ts";

const open = (root: string, schemas = "schemas"): Project => ({ root, schemas, settings: {} });
const avro = (options: object): string =>
  JSON.stringify({ type: "record", name: "A", keryx: options, fields: [] });

describe("the generator's steps", () => {
  it("find nothing wrong with the sample schemas, and all events that the product names", async () => {
    const { model, diagnostics } = await loadModel(open(join(import.meta.dirname, "../../..")));
    expect(diagnostics).to.deep.equal([]);
    expect(
      model.events.map((event) => `${event.options.type.value} on ${event.options.topic.value}`).sort(),
    ).to.deep.equal([
      "api.error on error-events",
      "api.request on api-events",
      "order.cancelled on order-events",
      "order.placed on order-events",
      "payment.captured on payment-events",
      "payment.failed on payment-events",
      "system.alert on system-events",
      "user.logged_in on user-events",
      "user.logged_out on user-events",
      "user.registered on user-events",
      "user.token_refreshed on auth-events",
    ]);
    for (const event of model.events) expect(event.doc, event.name).to.be.a("string");
    expect(model.protobuf?.files.map((one) => one.proto.name)).not.to.include("keryx/v1/options.proto");
  });

  it("stop at the first step that finds an error", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro({ key: "nope" }), "schemas/b.avsc": "{" });
    expect(placesOf((await loadModel(open(root))).diagnostics)).to.deep.equal(["schema-syntax b.avsc:1:2"]);
    const later = await writeTree({ "schemas/a.avsc": avro({ topic: "t t", key: "nope" }) });
    expect((await loadModel(open(later))).diagnostics.map((one) => one.rule)).to.deep.equal([
      "key-path-missing",
    ]);
    const last = await writeTree({ "schemas/a.avsc": avro({ topic: "t t" }) });
    expect((await loadModel(open(last))).diagnostics.map((one) => one.rule)).to.include("topic-invalid");
  });

  it("report a broken lock file beside the schemas' own findings", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro({ topic: "t" }), "schemas.lock.json": "{}" });
    expect(placesOf((await loadModel(open(root))).diagnostics)).to.deep.equal([
      "lock-invalid schemas.lock.json:1:1",
    ]);
  });

  it("need no compiler for a project without .proto files, and take a project without schemas", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro({ topic: "t" }) });
    const { model, inputs } = await loadModel(open(root));
    expect(model.protobuf).to.equal(undefined);
    expect([...inputs.keys()]).to.deep.equal(["a.avsc"]);
    const none = await writeTree({ "schemas/keryx/v1/options.proto": packagedOptions() });
    expect((await loadModel(open(none))).model.events).to.deep.equal([]);
  });

  describe("writing", () => {
    const target = { out: "generated", generator: "keryx 0.0.0" };
    const head = 'syntax = "proto3";\npackage a.v1;\nimport "keryx/v1/options.proto";\n';
    const files = {
      "schemas/keryx/v1/options.proto": packagedOptions(),
      "schemas/a/v1/a.proto": `${head}// Docs\n// of A.\nmessage A {\n  option (keryx.v1.event) = { topic: "t" key: "k" };\n  // The key.\n  string k = 1;\n}\n`,
      "schemas/b.avsc": JSON.stringify(
        { type: "record", name: "b.B", keryx: { topic: "u" }, fields: [] },
        null,
        2,
      ),
    };
    const differences = async (root: string): Promise<readonly string[]> => {
      const found = await compare(open(root), await loadModel(open(root)), target);
      return found.map(({ kind, path }) => `${kind} ${path}`);
    };
    const write = async (root: string): Promise<Awaited<ReturnType<typeof emit>>> =>
      emit(open(root), await loadModel(open(root)), target);
    const read = async (root: string): Promise<Record<string, string>> => {
      const paths = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) =>
        one.isFile(),
      );
      const texts = paths
        .map((one) => join(one.parentPath, one.name).slice(root.length + 1))
        .filter((path) => !path.startsWith("schemas/"))
        .sort()
        .map(async (path) => [path, await readFile(join(root, path), "utf8")] as const);
      return Object.fromEntries(await Promise.all(texts));
    };

    it("leaves nothing to change, and a second run writes nothing", async () => {
      const root = await writeTree(files);
      expect(await differences(root)).to.include.members([
        "missing schemas.lock.json",
        "missing generated/index.ts",
      ]);
      expect(Object.keys(await read(root))).to.deep.equal([]);
      expect((await write(root)).lock).to.equal("written");
      expect(await differences(root)).to.deep.equal([]);
      const { mtimeMs } = await stat(join(root, "schemas.lock.json"));
      expect(await write(root)).to.deep.include({ lock: "same", written: [], deleted: [] });
      expect((await stat(join(root, "schemas.lock.json"))).mtimeMs).to.equal(mtimeMs);
    });

    it("follows a changed policy in the lock file, and a removed schema in all that it gave", async () => {
      const root = await writeTree(files);
      await write(root);
      await writeFile(join(root, "schemas/b.avsc"), files["schemas/b.avsc"].replace('"u"', '"w"'));
      expect(await differences(root)).to.include.members([
        "changed schemas.lock.json",
        "missing generated/topics/w.ts",
        "orphan generated/topics/u.ts",
      ]);
      await rm(join(root, "schemas/a"), { recursive: true });
      const { deleted } = await write(root);
      expect(deleted).to.include.members(["a/v1/a_pb.ts", "a/v1/a_events.ts", "topics/t.ts", "topics/u.ts"]);
      expect(await differences(root)).to.deep.equal([]);
    });

    it("gives the same bytes for another folder, order of files and line end", async () => {
      const crlf = Object.fromEntries(
        Object.entries(files)
          .reverse()
          .map(([path, text]) => [path, text.replaceAll("\n", "\r\n")]),
      );
      const [one, other] = [await writeTree(files), await writeTree(crlf)];
      await write(one);
      await write(other);
      expect(await read(other)).to.deep.equal(await read(one));
    });
  });
});
