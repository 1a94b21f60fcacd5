import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";

const root = join(import.meta.dirname, "..", "..", "..");

interface Answer {
  readonly exit: number | null;
  readonly out: string;
  readonly note: string;
}

interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly bin?: string;
  /** Closes standard output after the first bytes, as `head` does. */
  readonly closeEarly?: boolean;
}

/** The command in a process of its own, with nothing of the developer's environment that could matter. */
function keryx(args: readonly string[], options: RunOptions): Promise<Answer> {
  const { PATH = "", HOME = "", NODE_V8_COVERAGE } = process.env;
  const coverage = NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE };
  const child = spawn(
    process.execPath,
    ["--conditions=@keryx/source", options.bin ?? join(root, "bin", "keryx.mjs"), ...args],
    {
      cwd: options.cwd,
      env: { PATH, HOME, ...coverage, NODE_OPTIONS: "--disable-warning=ExperimentalWarning", ...options.env },
    },
  );
  let out = "";
  let note = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (options.closeEarly) child.stdout.destroy();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    note += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit) => resolve({ exit, out, note }));
  });
}

function put(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Every file below a folder with its time of change and content. */
function snapshot(folder: string): ReadonlyMap<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return new Map(
    files.map((path) => {
      const file = join(folder, path);
      return [path, `${statSync(file).mtimeMs} ${readFileSync(file, "utf8")}`];
    }),
  );
}

const brokenProto = 'syntax = "proto3";\n\npackage shop.v1;\n\nmessage Broken {\n  string id = ;\n}\n';
const brokenAvro = '{\n  "type": "record",\n  "name": "Broken"\n  "fields": []\n}\n';
const sample = "schemas/shop/v1/order_placed.proto";

describe("keryx", function () {
  this.timeout(60_000);
  // Made once and copied for each test: a project after `init`, and one after `generate`.
  const templates = mkdtempSync(join(tmpdir(), "keryx-cli-"));
  const started = join(templates, "started");
  const complete = join(templates, "complete");
  let folder: string;

  /** The project of this test has been generated. */
  const generated = (): void => cpSync(complete, folder, { recursive: true });

  before(async () => {
    mkdirSync(started);
    expect((await keryx(["init"], { cwd: started })).exit).to.equal(0);
    cpSync(started, complete, { recursive: true });
    expect((await keryx(["generate"], { cwd: complete })).exit).to.equal(0);
  });
  after(() => rmSync(templates, { recursive: true, force: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keryx-cli-"));
    cpSync(started, folder, { recursive: true });
  });
  afterEach(() => {
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true, force: true });
  });

  describe("init", () => {
    it("writes the settings, the options and one sample event, and names the packages to install", async () => {
      const fresh = join(folder, "fresh");
      mkdirSync(fresh);
      const { exit, out, note } = await keryx(["init"], { cwd: fresh });
      expect(exit).to.equal(0);
      expect(out.trim().split("\n")).to.deep.equal([
        "created keryx.yaml",
        "created buf.yaml",
        `created ${sample}`,
        "created schemas/keryx/v1/options.proto",
      ]);
      for (const name of ["@bufbuild/buf", "@bufbuild/protobuf", "@bufbuild/protoc-gen-es", "ts-morph"])
        expect(note).to.include(name);
    });

    it("overwrites nothing of the user's, and adds no sample where there are schemas", async () => {
      for (const path of ["keryx.yaml", "buf.yaml", sample]) appendFileSync(join(folder, path), "\n# mine\n");
      const before = snapshot(folder);
      const { exit, out } = await keryx(["init"], { cwd: folder });
      expect(exit).to.equal(0);
      expect(out).to.equal("kept keryx.yaml\nkept buf.yaml\nkept schemas/keryx/v1/options.proto\n");
      expect(snapshot(folder)).to.deep.equal(before);
    });

    it("renews an old copy of the options, and leaves a file that is something else", async () => {
      const options = join(folder, "schemas/keryx/v1/options.proto");
      const shipped = readFileSync(options, "utf8");
      writeFileSync(options, shipped.replaceAll("\n", "\r\n"));
      expect((await keryx(["init"], { cwd: folder })).out).to.include("kept schemas/keryx");
      writeFileSync(options, shipped.replace("optional string owner = 9;", ""));
      const stale = await keryx(["generate"], { cwd: folder });
      expect([stale.exit, stale.out]).to.deep.equal([1, ""]);
      expect(stale.note).to.include("options-file").and.include("keryx init");
      expect((await keryx(["init"], { cwd: folder })).out).to.include("renewed schemas/keryx");
      expect(readFileSync(options, "utf8")).to.equal(shipped);
      writeFileSync(options, "somebody else's notes\n");
      const refused = await keryx(["init"], { cwd: folder });
      expect(refused.exit).to.equal(1);
      expect(refused.note).to.include("[generate_failed]").and.include("Move it away");
      expect(readFileSync(options, "utf8")).to.equal("somebody else's notes\n");
    });

    it("takes another folder for the schemas", async () => {
      // A shell would make something of this name.
      const fresh = join(folder, "it's `touch pwned` $(touch pwned); new");
      const { exit } = await keryx(["init", "--project", fresh, "--schemas", "events"], { cwd: folder });
      expect(exit).to.equal(0);
      const { exit: linted, note } = await keryx(["lint"], { cwd: join(fresh, "events") });
      expect([linted, note]).to.deep.equal([0, "0 errors, 0 warnings\n"]);
      expect((await keryx(["generate", "--schemas", "events"], { cwd: fresh })).exit).to.equal(0);
      const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
      expect(names.filter((name) => name.endsWith("pwned"))).to.deep.equal([]);
    });
  });

  describe("generate", () => {
    it("writes the code once, then touches nothing while nothing changes", async () => {
      const first = await keryx(["generate"], { cwd: folder });
      expect(first.exit).to.equal(0);
      expect(first.out)
        .to.include("written generated/topics/shop-orders.ts")
        .and.include("schemas.lock.json");
      const before = snapshot(folder);
      const second = await keryx(["generate"], { cwd: join(folder, "schemas/shop") });
      expect(second).to.deep.equal({ exit: 0, out: "", note: "Everything is up to date.\n" });
      expect(snapshot(folder)).to.deep.equal(before);
    });

    it("checks a read-only tree without writing, and names what is missing, changed and orphaned", async () => {
      generated();
      expect((await keryx(["generate", "--check"], { cwd: folder })).exit).to.equal(0);
      rmSync(join(folder, "generated/index.ts"));
      appendFileSync(join(folder, "generated/topics/shop-orders.ts"), "// edited\n");
      const header = readFileSync(join(folder, "generated/topics/shop-orders.ts"), "utf8").split("\n")[0];
      put(folder, "generated/topics/gone.ts", `${header}\nexport {};\n`);
      put(folder, "generated/mine.ts", "export {};\n");
      rmSync(join(folder, "schemas.lock.json"));
      const before = snapshot(folder);
      for (const path of [
        "generated/topics",
        "generated/shop/v1",
        "generated/shop",
        "generated",
        "schemas",
        ".",
      ])
        chmodSync(join(folder, path), 0o555);
      const { exit, out } = await keryx(["generate", "--check"], { cwd: folder });
      const json = await keryx(["generate", "--check", "--json"], { cwd: folder });
      for (const path of [
        ".",
        "schemas",
        "generated",
        "generated/topics",
        "generated/shop",
        "generated/shop/v1",
      ])
        chmodSync(join(folder, path), 0o755);
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
      expect(snapshot(folder)).to.deep.equal(before);
    });

    it("removes the outputs of a schema that is gone, and keeps what people wrote", async () => {
      generated();
      put(folder, "generated/mine.ts", "export const mine = 1;\n");
      rmSync(join(folder, sample));
      const { exit, out } = await keryx(["generate"], { cwd: folder });
      expect(exit).to.equal(0);
      expect(out).to.include("deleted generated/topics/shop-orders.ts");
      expect(existsSync(join(folder, "generated/shop"))).to.equal(false);
      expect(readFileSync(join(folder, "generated/mine.ts"), "utf8")).to.equal("export const mine = 1;\n");
    });

    it("says so when it replaces a generated file that was edited", async () => {
      generated();
      appendFileSync(join(folder, "generated/index.ts"), "// edited\n");
      const { exit, note } = await keryx(["generate"], { cwd: folder });
      expect(exit).to.equal(0);
      expect(note).to.include("generated/index.ts had been edited by hand");
    });

    for (const [name, path, text, place] of [
      [".proto", "schemas/shop/v1/broken.proto", brokenProto, "schemas/shop/v1/broken.proto:6:"],
      [".avsc", "schemas/shop/v1/broken.avsc", brokenAvro, "schemas/shop/v1/broken.avsc:4:3"],
    ] as const)
      it(`writes nothing while a ${name} file has a syntax error, and names the place`, async () => {
        put(folder, path, text);
        const { exit, out, note } = await keryx(["generate"], { cwd: folder });
        expect([exit, out]).to.deep.equal([1, ""]);
        expect(note)
          .to.include(`${place}`)
          .and.include("error schema-syntax")
          .and.include("Nothing was written.");
        expect(note).to.not.match(/^\s+at /m);
        expect(existsSync(join(folder, "generated"))).to.equal(false);
        const lint = await keryx(["lint"], { cwd: folder });
        expect(lint.exit).to.equal(3);
        expect(lint.out).to.include(place);
        expect((await keryx(["generate", "--check"], { cwd: folder })).exit).to.equal(1);
      });

    it("gives the same bytes for another locale, time zone, folder and line end", async () => {
      generated();
      const twin = join(folder, "deeper", "twin");
      mkdirSync(twin, { recursive: true });
      for (const path of ["keryx.yaml", "buf.yaml", "schemas"])
        cpSync(join(folder, path), join(twin, path), { recursive: true });
      for (const path of [sample, "buf.yaml"].map((name) => join(twin, name)))
        writeFileSync(path, readFileSync(path, "utf8").replaceAll("\n", "\r\n"));
      const env = { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Asia/Kathmandu" };
      expect((await keryx(["generate"], { cwd: twin, env })).exit).to.equal(0);
      for (const [file, text] of snapshot(join(folder, "generated")))
        expect(readFileSync(join(twin, "generated", file), "utf8"), file).to.equal(
          text.slice(text.indexOf(" ") + 1),
        );
      const lock = "schemas.lock.json";
      expect(readFileSync(join(twin, lock), "utf8")).to.equal(readFileSync(join(folder, lock), "utf8"));
    });

    it("keeps the output inside the project", async () => {
      for (const flag of ["--out", "--schemas"]) {
        const { exit, note } = await keryx(["generate", flag, "../elsewhere"], { cwd: folder });
        expect(exit).to.equal(2);
        expect(note).to.include(`[usage] ${flag} "../elsewhere" is not a folder inside the project`);
      }
      symlinkSync(tmpdir(), join(folder, "generated"));
      const { exit, note } = await keryx(["generate"], { cwd: folder });
      expect(exit).to.equal(1);
      expect(note).to.include("symbolic link");
    });

    it("names the command that installs buf when it is missing", async () => {
      // The sources beside every package but buf's: what `npm install` without it leaves.
      const bare = join(folder, "bare");
      for (const path of ["bin", "codegen", "src", "schemas/keryx", "package.json"])
        cpSync(join(root, path), join(bare, path), { recursive: true });
      const modules = join(root, "node_modules");
      mkdirSync(join(bare, "node_modules", "@bufbuild"), { recursive: true });
      for (const name of readdirSync(modules))
        if (name !== "@bufbuild") symlinkSync(join(modules, name), join(bare, "node_modules", name));
      for (const name of ["protobuf", "protoc-gen-es"])
        symlinkSync(join(modules, "@bufbuild", name), join(bare, "node_modules", "@bufbuild", name));
      const { exit, out, note } = await keryx(["generate"], {
        cwd: folder,
        bin: join(bare, "bin", "keryx.mjs"),
      });
      expect([exit, out]).to.deep.equal([1, ""]);
      expect(note).to.match(
        /^error \[dependency_missing\] .*buf.*\n {2}next: {2}.*npm install .*@bufbuild\/buf/,
      );
    });
  });

  describe("explain", () => {
    it("shows where each value comes from: schema, settings by line, environment, default", async () => {
      const schema = readFileSync(join(folder, sample), "utf8").replace(/ {4}retry: .*\n/, "");
      writeFileSync(join(folder, sample), schema);
      appendFileSync(join(folder, "keryx.yaml"), 'topics:\n  shop-orders:\n    owner: "team shop"\n');
      const env = { KERYX__DEFAULTS__COMPATIBILITY: "FULL" };
      const { exit, out, note } = await keryx(["explain", "order.placed"], { cwd: folder, env });
      expect([exit, note]).to.deep.equal([0, ""]);
      const rows = new Map(
        out.split("\n").map((line) => [line.split(/\s/)[0], line.replaceAll(/ {2,}/g, "  ")]),
      );
      const line = schema.split("\n").findIndex((one) => one.includes("topic:")) + 1;
      expect(rows.get("shop.v1.OrderPlaced")).to.match(
        / protobuf schemas\/shop\/v1\/order_placed\.proto:\d+:9$/,
      );
      expect(rows.get("topic")).to.equal(`topic  shop-orders  ${sample}:${line}:5`);
      expect(rows.get("retry")).to.match(/^retry {2}1s,10s,1m {2}keryx\.yaml:\d+:5 defaults\.retry$/);
      expect(rows.get("compatibility")).to.match(/FULL {2}KERYX__DEFAULTS__COMPATIBILITY /);
      expect(rows.get("owner")).to.match(/"team shop" {2}keryx\.yaml:\d+:5 topics\.shop-orders\.owner$/);
      expect(rows.get("dead-letter")).to.include("shop-orders-dlq  default: ");
      expect(rows.get("sensitive")).to.include("customerEmail");
    });

    it("prints the same as JSON", async () => {
      const { exit, out } = await keryx(["explain", "OrderPlaced", "--json"], { cwd: folder });
      expect(exit).to.equal(0);
      const { event, format, file, values } = JSON.parse(out);
      expect({ event, format, file }).to.deep.equal({
        event: "shop.v1.OrderPlaced",
        format: "protobuf",
        file: sample,
      });
      const names = values.map((one: { name: string }) => one.name);
      expect(names).to.include.members([
        "topic",
        "key",
        "id",
        "time",
        "retry",
        "dead-letter",
        "subject",
        "owner",
      ]);
    });

    it("says what was meant by an event that does not exist", async () => {
      const { exit, out, note } = await keryx(["explain", "order.plcaed"], { cwd: folder });
      expect([exit, out]).to.deep.equal([2, ""]);
      expect(note).to.include("Did you mean order.placed?");
    });

    it("shows hostile text of a schema escaped", async () => {
      const schema = readFileSync(join(folder, sample), "utf8");
      writeFileSync(
        join(folder, sample),
        schema.replace("retry:", 'owner: "\\x1b]0;pwned\\x07\\n\\u202e"\n    retry:'),
      );
      const { exit, out } = await keryx(["explain", "order.placed"], { cwd: folder });
      expect(exit).to.equal(0);
      expect(out.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
      expect(out).to.include("\\u001b]0;pwned");
    });

    it("ends quietly when its reader goes away", async () => {
      const { note } = await keryx(["explain", "order.placed"], { cwd: folder, closeEarly: true });
      expect(note).to.equal("");
    });
  });

  describe("any command", () => {
    it("loads only what it needs itself", async () => {
      const loaded = async (...args: readonly string[]): Promise<readonly string[]> => {
        const list = join(folder, "loaded.txt");
        const env = {
          KERYX_TEST_LOADED: list,
          NODE_OPTIONS: `--import ${join(root, "test/support/loaded.mjs")}`,
        };
        expect((await keryx(args, { cwd: folder, env })).exit, args.join(" ")).to.equal(0);
        return readFileSync(list, "utf8").split("\n");
      };
      expect(await loaded("--help")).to.deep.equal(["commander"]);
      expect(await loaded("init")).to.deep.equal(["commander"]);
      for (const args of [["lint"], ["explain", "order.placed"]]) {
        const packages = await loaded(...args);
        expect(packages).to.include("@bufbuild/protobuf");
        for (const heavy of ["ts-morph", "kafkajs", "pino", "typescript"])
          expect(packages).to.not.include(heavy);
      }
      expect(await loaded("generate")).to.include("ts-morph");
      expect(await loaded("generate"), "nothing to print").to.not.include("ts-morph");
    });

    it("takes a folder that cannot be written for an error of the user's, without a stack", async () => {
      put(folder, "taken/schemas", "a file\n");
      const { exit, note } = await keryx(["init", "--project", "taken"], { cwd: folder });
      expect(exit).to.equal(1);
      expect(note).to.match(/^error \[generate_failed\] .+\n {2}next: {2}.+\n$/);
    });

    it("refuses a project that is not there", async () => {
      const { exit, note } = await keryx(["lint", "--project", "nowhere"], { cwd: folder });
      expect(exit).to.equal(2);
      expect(note).to.include('--project "nowhere" is not a folder').and.include("keryx init");
      rmSync(join(folder, "schemas"), { recursive: true });
      const empty = await keryx(["lint"], { cwd: folder });
      expect(empty.exit).to.equal(1);
      expect(empty.note).to.include("[generate_failed]").and.include("keryx init");
    });
  });

  describe("settings", () => {
    it("refuses an unknown key with its place and the name that was meant", async () => {
      appendFileSync(join(folder, "keryx.yaml"), "clientID: x\n");
      for (const args of [["generate"], ["lint"], ["explain", "order.placed"], ["config", "explain"]]) {
        const { exit, out, note } = await keryx(args, { cwd: folder });
        expect([exit, out], args.join(" ")).to.deep.equal([2, ""]);
        expect(note).to.match(/^error \[config_invalid\] keryx\.yaml:\d+:\d+: clientID: .*clientId/);
      }
    });

    it("are explained with their sources, secrets masked", async () => {
      const env = {
        KERYX__REGISTRY__AUTH__KIND: "basic",
        KERYX__REGISTRY__AUTH__USERNAME: "me",
        KERYX__REGISTRY__AUTH__PASSWORD: "hunter22",
      };
      const { exit, out, note } = await keryx(["config", "explain"], { cwd: folder, env });
      expect(exit, note).to.equal(0);
      expect(out).to.match(/^brokers +\["localhost:9092"\] +keryx\.yaml:\d+:1$/m);
      expect(out).to.match(/^registry\.auth\.password +\*\*\* +KERYX__REGISTRY__AUTH__PASSWORD$/m);
      expect(out + note).to.not.include("hunter22");
      const json = JSON.parse((await keryx(["config", "explain", "--json"], { cwd: folder, env })).out);
      expect(json.settings.map((one: { path: string }) => one.path)).to.include("schemas.dir");
    });
  });
});
