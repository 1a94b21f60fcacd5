import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest: {
  version: string;
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
} = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = Object.keys(manifest.exports)
  .filter((name) => name !== "./package.json")
  .map((name) => join("keryx", name));

/** Runs a command in a folder and returns what it printed; fails the test with that when it fails. */
function run(folder: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
  const done = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", PATH: path, ...env },
  });
  expect(done.status, `${command} ${args.join(" ")}\n${done.stdout}${done.stderr}`).to.equal(0);
  return done.stdout;
}

function install(
  folder: string,
  packages: readonly string[],
  flags: readonly string[] = ["--ignore-scripts"],
): void {
  run(folder, "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...flags, ...packages]);
}

/** What importing the runtime may load of others, and what for. All of it is pure JavaScript. */
const loadedBy: Readonly<Record<string, string>> = {
  kafkajs: "the transport",
  zod: "options are checked before anything connects",
  yaml: "keryx.yaml is read by connect(), without waiting",
  pino: "the log",
  "lru-cache": "schemas by id",
  "jsonc-parser": "Avro schemas are parsed with places and bounds, inside a synchronous decode",
};

/** Loaded on demand, or only to generate. */
const neverLoaded = [
  "@bufbuild/buf",
  "@bufbuild/protobuf",
  "@bufbuild/protoc-gen-es",
  "@bufbuild/protoplugin",
  "@kafkajs/confluent-schema-registry",
  "@peculiar/x509",
  "reflect-metadata",
  "avsc",
  "commander",
  "snappyjs",
];

const pinned = (name: string): string => `${name}@${manifest.devDependencies[name]}`;

describe("the packed package", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "keryx-package-"));
  const project = join(folder, "project");
  // Where the checks behind the tests look for it, so that it is built once.
  const destination = process.env["KERYX_PACKED"] ?? folder;
  let packed: string[] = [];

  before(() => {
    run(root, process.execPath, ["scripts/build.mjs"]);
    const answer = JSON.parse(
      run(root, "npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", destination]),
    );
    const one = (Object.values(answer) as { filename: string; files: { path: string }[] }[])[0];
    expect(one).to.not.equal(undefined);
    packed = one?.files.map((file) => file.path) ?? [];
    mkdirSync(project);
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ name: "empty", private: true, type: "module" }),
    );
    install(project, [join(destination, one?.filename ?? ""), pinned("@bufbuild/protobuf")]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("holds JavaScript, declarations, the options file, the licence, and no TypeScript source or test", () => {
    expect(packed).to.include.members([
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "bin/keryx.mjs",
      "schemas/keryx/v1/options.proto",
    ]);
    expect(packed.filter((path) => /^(src|codegen|test|generated)\//.test(path))).to.deep.equal([]);
    expect(packed.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).to.deep.equal([]);
  });

  it("asks for no install script of its own or of what it requires", () => {
    const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(lock.packages).filter(
      ([, one]) => one.hasInstallScript,
    );
    expect(scripted.map(([path]) => path)).to.deep.equal([]);
    const shipped = JSON.parse(readFileSync(join(project, "node_modules/keryx/package.json"), "utf8"));
    for (const hook of ["preinstall", "install", "postinstall", "prepare"])
      expect(shipped.scripts?.[hook], hook).to.equal(undefined);
  });

  const importAll = entries.map((name) => `await import(${JSON.stringify(name)});`).join(" ");

  it("every entry point imports under the Node that develops it", () => {
    run(project, process.execPath, ["--input-type=module", "-e", importAll]);
  });

  it("every entry point imports where a tool sets the common condition `source`", () => {
    run(project, process.execPath, ["--conditions=source", "--input-type=module", "-e", importAll]);
  });

  it("every entry point imports under Node 22.15.0, the oldest that is supported", () => {
    const oldest = join(folder, "node-22");
    mkdirSync(oldest);
    writeFileSync(
      join(oldest, "package.json"),
      JSON.stringify({ private: true, allowScripts: { node: true } }),
    );
    install(oldest, ["node@22.15.0"], ["--ignore-scripts=false"]);
    const node = join(oldest, "node_modules/node/bin/node");
    expect(run(project, node, ["--version"]).trim()).to.equal("v22.15.0");
    run(project, node, ["--input-type=module", "-e", importAll]);
  });

  it("importing keryx loads what the runtime stands on, and nothing of the generator", () => {
    const list = join(folder, "loaded.txt");
    const hook = pathToFileURL(join(root, "test/support/loaded.mjs")).href;
    const args = ["--import", hook, "--input-type=module", "-e", 'await import("keryx")'];
    run(project, process.execPath, args, { KERYX_TEST_LOADED: list });
    const loaded = readFileSync(list, "utf8").split("\n");
    expect(loaded).to.include("keryx");
    for (const name of neverLoaded) expect(loaded).to.not.include(name);
    const direct = loaded.filter((name) => Object.hasOwn(manifest.dependencies, name));
    expect(direct).to.have.members(Object.keys(loadedBy));
  });

  it("a command that generates names the packages to install when they are missing", () => {
    run(project, "npx", ["keryx", "init"]);
    const done = spawnSync("npx", ["keryx", "generate"], { cwd: project, encoding: "utf8" });
    expect(done.status).to.equal(1);
    expect(done.stderr)
      .to.match(/npm install/)
      .and.to.not.match(/\n\s+at /);
  });

  it("init, generate and the strict compiler work in an empty project", () => {
    install(project, ["@bufbuild/buf", "@bufbuild/protoc-gen-es", "typescript", "@types/node"].map(pinned));
    run(project, "npx", ["keryx", "generate"]);
    expect(readdirSync(join(project, "generated"))).to.include("index.ts");
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2023",
          module: "nodenext",
          noEmit: true,
          strict: true,
          verbatimModuleSyntax: true,
          isolatedModules: true,
          erasableSyntaxOnly: true,
          isolatedDeclarations: true,
          declaration: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          noPropertyAccessFromIndexSignature: true,
          allowImportingTsExtensions: true,
          types: ["node"],
        },
        include: ["generated"],
      }),
    );
    run(project, "npx", ["keryx", "generate"]);
    run(project, "npx", ["tsc", "-p", "."]);
    run(project, process.execPath, ["--input-type=module", "-e", 'await import("./generated/index.ts")']);
    run(project, "npx", ["keryx", "generate", "--check"]);
    // With nothing changed, no schema is even parsed.
    const loaded = join(project, "loaded.txt");
    const hook = pathToFileURL(join(root, "test/support/loaded.mjs")).href;
    run(project, process.execPath, ["--import", hook, "node_modules/keryx/bin/keryx.mjs", "generate"], {
      KERYX_TEST_LOADED: loaded,
    });
    expect(readFileSync(loaded, "utf8").split("\n"))
      .to.include("commander")
      .and.not.include("@bufbuild/protobuf");
  });
});
