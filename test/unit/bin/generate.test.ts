import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { keryx, projectBench, put, root, sample, snapshot } from "../../support/keryx-process.ts";

const brokenProto = 'syntax = "proto3";\n\npackage shop.v1;\n\nmessage Broken {\n  string id = ;\n}\n';
const brokenAvro = '{\n  "type": "record",\n  "name": "Broken"\n  "fields": []\n}\n';

describe("keryx", function () {
  this.timeout(60_000);
  const bench = projectBench({ isGenerated: true });

  describe("generate", () => {
    it("writes the code once, then touches nothing while nothing changes", async () => {
      const first = await keryx(["generate"], { cwd: bench.folder });
      expect(first.exit).to.equal(0);
      expect(first.out)
        .to.include("written generated/topics/shop-orders.ts")
        .and.include("schemas.lock.json");
      const before = snapshot(bench.folder);
      const second = await keryx(["generate"], { cwd: join(bench.folder, "schemas/shop") });
      expect(second).to.deep.equal({ exit: 0, out: "", note: "Everything is up to date.\n" });
      expect(snapshot(bench.folder)).to.deep.equal(before);
    });

    it("checks a read-only tree without writing, and names what is missing, changed and orphaned", async () => {
      bench.generated();
      expect((await keryx(["generate", "--check"], { cwd: bench.folder })).exit).to.equal(0);
      rmSync(join(bench.folder, "generated/index.ts"));
      appendFileSync(join(bench.folder, "generated/topics/shop-orders.ts"), "// edited\n");
      const header = readFileSync(join(bench.folder, "generated/topics/shop-orders.ts"), "utf8").split(
        "\n",
      )[0];
      put(bench.folder, "generated/topics/gone.ts", `${header}\nexport {};\n`);
      put(bench.folder, "generated/mine.ts", "export {};\n");
      rmSync(join(bench.folder, "schemas.lock.json"));
      const before = snapshot(bench.folder);
      for (const path of [
        "generated/topics",
        "generated/shop/v1",
        "generated/shop",
        "generated",
        "schemas",
        ".",
      ])
        chmodSync(join(bench.folder, path), 0o555);
      const { exit, out } = await keryx(["generate", "--check"], { cwd: bench.folder });
      const json = await keryx(["generate", "--check", "--json"], { cwd: bench.folder });
      for (const path of [
        ".",
        "schemas",
        "generated",
        "generated/topics",
        "generated/shop",
        "generated/shop/v1",
      ])
        chmodSync(join(bench.folder, path), 0o755);
      expect(exit).to.equal(3);
      const lines = out.trim().split("\n");
      expect(lines).to.deep.equal([
        "missing generated/index.ts",
        "orphan generated/topics/gone.ts",
        "changed generated/topics/shop-orders.ts",
        "missing schemas.lock.json",
      ]);
      expect(json.exit).to.equal(3);
      expect(JSON.parse(json.out)).to.deep.equal({
        ok: false,
        files: lines.map((line) => ({ kind: line.split(" ")[0], path: line.split(" ")[1] })),
      });
      expect(snapshot(bench.folder)).to.deep.equal(before);
    });

    it("removes the outputs of a schema that is gone, and keeps what people wrote", async () => {
      bench.generated();
      put(bench.folder, "generated/mine.ts", "export const mine = 1;\n");
      rmSync(join(bench.folder, sample));
      const { exit, out } = await keryx(["generate"], { cwd: bench.folder });
      expect(exit).to.equal(0);
      expect(out).to.include("deleted generated/topics/shop-orders.ts");
      expect(existsSync(join(bench.folder, "generated/shop"))).to.equal(false);
      expect(readFileSync(join(bench.folder, "generated/mine.ts"), "utf8")).to.equal(
        "export const mine = 1;\n",
      );
    });

    it("says so when it replaces a generated file that was edited", async () => {
      bench.generated();
      appendFileSync(join(bench.folder, "generated/index.ts"), "// edited\n");
      const { exit, note } = await keryx(["generate"], { cwd: bench.folder });
      expect(exit).to.equal(0);
      expect(note).to.include("generated/index.ts had been edited by hand");
    });

    for (const [name, path, text, place] of [
      [".proto", "schemas/shop/v1/broken.proto", brokenProto, "schemas/shop/v1/broken.proto:6:"],
      [".avsc", "schemas/shop/v1/broken.avsc", brokenAvro, "schemas/shop/v1/broken.avsc:4:3"],
    ] as const)
      it(`writes nothing while a ${name} file has a syntax error, and names the place`, async () => {
        put(bench.folder, path, text);
        const { exit, out, note } = await keryx(["generate"], { cwd: bench.folder });
        expect([exit, out]).to.deep.equal([1, ""]);
        expect(note)
          .to.include(`${place}`)
          .and.include("error schema-syntax")
          .and.include("Nothing was written.");
        expect(note).to.not.match(/^\s+at /m);
        expect(existsSync(join(bench.folder, "generated"))).to.equal(false);
        const lint = await keryx(["lint"], { cwd: bench.folder });
        expect(lint.exit).to.equal(3);
        expect(lint.out).to.include(place);
        expect((await keryx(["generate", "--check"], { cwd: bench.folder })).exit).to.equal(1);
      });

    it("gives the same bytes for another locale, time zone, folder and line end", async () => {
      bench.generated();
      const twin = join(bench.folder, "deeper", "twin");
      mkdirSync(twin, { recursive: true });
      for (const path of ["keryx.yaml", "buf.yaml", "schemas"])
        cpSync(join(bench.folder, path), join(twin, path), { recursive: true });
      for (const path of [sample, "buf.yaml"].map((name) => join(twin, name)))
        writeFileSync(path, readFileSync(path, "utf8").replaceAll("\n", "\r\n"));
      const env = { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Asia/Kathmandu" };
      expect((await keryx(["generate"], { cwd: twin, env })).exit).to.equal(0);
      for (const [file, text] of snapshot(join(bench.folder, "generated")))
        expect(readFileSync(join(twin, "generated", file), "utf8"), file).to.equal(
          text.slice(text.indexOf(" ") + 1),
        );
      const lock = "schemas.lock.json";
      expect(readFileSync(join(twin, lock), "utf8")).to.equal(readFileSync(join(bench.folder, lock), "utf8"));
    });

    it("keeps the output inside the project", async () => {
      for (const flag of ["--out", "--schemas"]) {
        const { exit, note } = await keryx(["generate", flag, "../elsewhere"], { cwd: bench.folder });
        expect(exit).to.equal(2);
        expect(note).to.include(`[usage] ${flag} "../elsewhere" is not a folder inside the project`);
      }
      mkdirSync(join(bench.folder, "elsewhere"));
      symlinkSync(join(bench.folder, "elsewhere"), join(bench.folder, "generated"));
      const { exit, note } = await keryx(["generate"], { cwd: bench.folder });
      expect(exit).to.equal(1);
      expect(note).to.include("symbolic link");
    });

    it("names the command that installs buf when it is missing", async () => {
      // The sources beside every package but buf's: what `npm install` without it leaves.
      const bare = join(bench.folder, "bare");
      for (const path of ["bin", "codegen", "src", "schemas/keryx", "package.json"])
        cpSync(join(root, path), join(bare, path), { recursive: true });
      const modules = join(root, "node_modules");
      mkdirSync(join(bare, "node_modules", "@bufbuild"), { recursive: true });
      for (const name of readdirSync(modules))
        if (name !== "@bufbuild") symlinkSync(join(modules, name), join(bare, "node_modules", name));
      for (const name of ["protobuf", "protoc-gen-es"])
        symlinkSync(join(modules, "@bufbuild", name), join(bare, "node_modules", "@bufbuild", name));
      const { exit, out, note } = await keryx(["generate"], {
        cwd: bench.folder,
        bin: join(bare, "bin", "keryx.mjs"),
      });
      expect([exit, out]).to.deep.equal([1, ""]);
      expect(note).to.match(
        /^error \[dependency_missing\] .*buf.*\n {2}next: {2}.*npm install .*@bufbuild\/buf/,
      );
    });
  });
});
