import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import {
  hashText,
  type Manifest,
  manifestPath,
  parseManifest,
  printManifest,
} from "../../../../codegen/emit/manifest.ts";
import { header, type OutputFile } from "../../../../codegen/emit/output.ts";
import {
  compareOutput,
  readOutputFolder,
  type SyncResult,
  writeOutput,
} from "../../../../codegen/emit/sync.ts";

const file = (path: string, body = "export {};"): OutputFile => ({ path, text: `${header}\n${body}\n` });

function manifestOf(files: readonly OutputFile[]): Manifest {
  return {
    generator: "keryx test",
    origin: "",
    inputs: new Map([["a.avsc", "00"]]),
    files: new Map(files.map(({ path, text }) => [path, { hash: hashText(text), from: "x" }])),
    fallbacks: new Map(),
  };
}

describe("the output folder", () => {
  let root: string;
  const at = (path: string): string => join(root, path);
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  const sync = async (files: readonly OutputFile[]): Promise<SyncResult> =>
    writeOutput(readOutputFolder(root), files, manifestOf(files));
  const check = async (files: readonly OutputFile[]): Promise<readonly string[]> => {
    const found = compareOutput(readOutputFolder(root), files, manifestOf(files));
    return found.map(({ kind, path }) => `${kind} ${path}`);
  };

  beforeEach(() => {
    root = join(mkdtempSync(join(tmpdir(), "keryx-sync-")), "generated");
  });
  afterEach(() => rmSync(dirname(root), { recursive: true, force: true }));

  it("receives every file and a manifest, and a second run touches none", async () => {
    const files = [file("a/one.ts"), file("index.ts")];
    expect((await sync(files)).written).deep.equals(["a/one.ts", "index.ts", manifestPath]);
    for (const path of ["a/one.ts", "index.ts", manifestPath]) utimesSync(at(path), 1, 1);
    expect(await sync(files)).deep.equals({ written: [], deleted: [], overwritten: [], left: [] });
    for (const path of ["a/one.ts", "index.ts", manifestPath])
      expect(statSync(at(path)).mtimeMs).equals(1000);
    expect(await check(files)).deep.equals([]);
  });

  it("loses exactly the files of a schema that is gone, and the folders they leave empty", async () => {
    await sync([file("a/b/one.ts"), file("a/two.ts"), file("index.ts")]);
    put("a/mine.ts", "export const mine = 1;\n");
    const result = await sync([file("index.ts")]);
    expect(result.deleted).deep.equals(["a/b/one.ts", "a/two.ts"]);
    expect(existsSync(at("a/b"))).equals(false);
    expect(readFileSync(at("a/mine.ts"), "utf8")).equals("export const mine = 1;\n");
  });

  it("keeps a listed file that somebody made their own, and names an unlisted one that bears our header", async () => {
    await sync([file("one.ts"), file("index.ts")]);
    put("one.ts", "// mine now\n");
    put("stray.ts", file("stray.ts").text);
    const result = await sync([file("index.ts")]);
    expect(result.deleted).deep.equals([]);
    expect(result.left).deep.equals(["stray.ts"]);
    expect([existsSync(at("one.ts")), existsSync(at("stray.ts"))]).deep.equals([true, true]);
  });

  it("is compared without writing: missing, changed and orphan files are named, untracked ones too", async () => {
    const files = [file("a.ts"), file("b.ts"), file("c.ts")];
    await sync(files);
    rmSync(at("a.ts"));
    put("b.ts", `${header}\nexport const edited = 1;\n`);
    put("c.ts", "// no header any more\n");
    put("deep/stray.ts", file("stray.ts").text);
    put("mine.ts", "// mine\n");
    const before = statSync(root).mtimeMs;
    expect(await check(files)).deep.equals([
      "missing a.ts",
      "changed b.ts",
      "changed c.ts",
      "orphan deep/stray.ts",
    ]);
    expect(statSync(root).mtimeMs).equals(before);
    expect(await check([file("a.ts"), file("b.ts")])).contains("changed .keryx-manifest.json");
  });

  it("reports an edited file as written over", async () => {
    await sync([file("a.ts"), file("b.ts")]);
    put("a.ts", `${header}\nexport const edited = 1;\n`);
    const result = await sync([file("a.ts"), file("b.ts", "export const next = 1;")]);
    expect(result.overwritten).deep.equals(["a.ts"]);
    expect(result.written).include.members(["a.ts", "b.ts"]);
  });

  it("is not confused by line ends of another checkout", async () => {
    const files = [file("a.ts")];
    await sync(files);
    put("a.ts", readFileSync(at("a.ts"), "utf8").replaceAll("\n", "\r\n"));
    expect(await check(files)).deep.equals([]);
  });

  it("refuses paths that lead out of it, name a device, or differ in case only, and writes nothing then", async () => {
    const refused = [
      "../out.ts",
      "/abs.ts",
      "a/../../b.ts",
      "con.ts",
      "a/NUL",
      "a\\b.ts",
      "a//b.ts",
      ".",
      "a b.ts",
      "c:x.ts",
    ];
    for (const path of refused) {
      const error = await sync([file("ok.ts"), file(path)]).catch((thrown: unknown) => thrown);
      expect(error, path).property("code", "generate_failed");
    }
    const twins = await sync([file("a/One.ts"), file("A/one.ts")]).catch((thrown: unknown) => thrown);
    expect(String(twins)).contains("a/One.ts").and.contains("A/one.ts");
    expect(existsSync(root)).equals(false);
  });

  it("never writes over a file that was not generated", async () => {
    put("index.ts", "// mine\n");
    const error = await sync([file("index.ts")]).catch((thrown: unknown) => thrown);
    expect(String(error)).contains("index.ts").and.contains("was not generated");
    expect(readFileSync(at("index.ts"), "utf8")).equals("// mine\n");
  });

  it("follows no symbolic link, to a folder or to a file", async () => {
    const outside = join(dirname(root), "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "target.ts"), header);
    mkdirSync(root);
    symlinkSync(outside, at("a"));
    expect(String(await sync([file("a/one.ts")]).catch((thrown: unknown) => thrown))).contains(
      "symbolic link",
    );
    rmSync(at("a"));
    symlinkSync(join(outside, "target.ts"), at("one.ts"));
    expect(await sync([file("one.ts")]).catch((thrown: unknown) => thrown)).property(
      "code",
      "generate_failed",
    );
    expect(readFileSync(join(outside, "target.ts"), "utf8")).equals(header);
  });

  it("is rid of what killed runs left behind, but not of what a run beside this one may be writing", async () => {
    const [old, young] = ["1", "2"].map((digit) => `a/.keryx-${digit.repeat(36)}.tmp`);
    const anybodys = ["a/.keryx-notes.tmp", `a/${"1".repeat(36)}.tmp`];
    for (const path of [old!, young!, ...anybodys]) put(path, "half a fi");
    const longAgo = new Date(Date.now() - 86_400_000);
    for (const path of [old!, ...anybodys]) utimesSync(at(path), longAgo, longAgo);
    await sync([file("b.ts")]);
    expect([old!, young!, ...anybodys].map((path) => existsSync(at(path)))).deep.equals([
      false,
      true,
      true,
      true,
    ]);
  });

  it("is rebuilt from a manifest that is damaged or absent", async () => {
    await sync([file("a.ts")]);
    for (const text of ["", "[]", "{", '{"files":{"a.ts":5},"inputs":{"x":{}},"generator":1}']) {
      put(manifestPath, text);
      expect((await sync([file("a.ts")])).written).deep.equals([manifestPath]);
    }
  });

  it("has a manifest that is sorted, whatever the order it was filled in", () => {
    const files = [file("b.ts"), file("a.ts")];
    expect(printManifest(manifestOf(files)).text).equals(
      printManifest(manifestOf([...files].reverse())).text,
    );
    const parsed = parseManifest(printManifest(manifestOf(files)).text);
    expect([...parsed.files.keys()]).deep.equals(["a.ts", "b.ts"]);
    expect(parsed).property("generator", "keryx test");
  });
});
