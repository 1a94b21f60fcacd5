import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Io } from "../../../../../codegen/cli/command.ts";
import { runGenerate } from "../../../../../codegen/cli/generate.ts";
import { packagedOptions } from "../../../../../codegen/load/options.ts";
import { repository } from "../../../../support/generated-code.ts";
import { writeTree } from "../../../../support/schema-tree.ts";
import { waitUntil } from "../../../../support/servers/ready.ts";

const avro = (name: string, field = "k"): string =>
  JSON.stringify({
    ...{ type: "record", name: `a.v1.${name}`, keryx: { topic: `t-${name}` } },
    fields: [{ name: field, type: "string" }],
  });
const proto = (field = "k"): string =>
  `syntax = "proto3";\npackage p.v1;\nimport "keryx/v1/options.proto";\nmessage P {\n  option (keryx.v1.event) = { topic: "p" };\n  string ${field} = 1;\n}\n`;

interface Watched {
  readonly root: string;
  /** How many runs have ended. */
  runs(): number;
  said(): string;
  /** Ends it; resolves to the exit code. */
  end(): Promise<number>;
  /** Saves a schema and waits until a run has ended that saw it. */
  save(path: string, text: string): Promise<void>;
}

describe("keryx generate --watch", function () {
  this.timeout(60_000);
  const open = new Set<Watched>();
  afterEach(async () => {
    for (const one of open) await one.end();
    open.clear();
  });

  const start = async (files: Readonly<Record<string, string>>): Promise<Watched> => {
    const root = await writeTree(files);
    const said: string[] = [];
    let interrupt = (): void => {};
    const interrupted = new Promise<void>((resolve) => {
      interrupt = resolve;
    });
    const io: Io = {
      ...{ cwd: root, env: {}, color: { out: false, note: false } },
      out: (text) => said.push(text),
      note: (text) => said.push(text),
      interrupted: () => interrupted,
    };
    const running = runGenerate({ arguments: [], options: { project: root, watch: true }, io });
    const runs = (): number => said.filter((text) => text.startsWith("Watching")).length;
    const watched: Watched = {
      ...{ root, runs },
      said: () => said.join(""),
      async end() {
        interrupt();
        return running;
      },
      async save(path, text) {
        const before = runs();
        await writeFile(join(root, path), text);
        await waitUntil(`a run after ${path} was saved`, () => runs() > before);
      },
    };
    open.add(watched);
    await waitUntil("the first run", () => runs() === 1);
    return watched;
  };
  const read = (root: string, path: string): Promise<string> =>
    readFile(join(root, "generated", path), "utf8");

  it("writes again what a saved schema changed, in both formats and more than once, and ends when it is told to", async () => {
    const watched = await start({
      "schemas/keryx/v1/options.proto": packagedOptions(),
      "schemas/a/a.avsc": avro("A"),
      "schemas/p/v1/p.proto": proto(),
    });
    const { root } = watched;
    await watched.save("schemas/a/a.avsc", avro("A", "renamed"));
    expect(await read(root, "a/v1/a.ts")).to.include("readonly renamed: string;");
    // The plugin is loaded into the process; what it prints is the same as that of a process of its own.
    for (const field of ["first", "second"]) {
      await watched.save("schemas/p/v1/p.proto", proto(field));
      expect(await read(root, "p/v1/p_pb.ts")).to.include(`${field}: string;`);
    }
    expect(await watched.end()).to.equal(0);
    const warm = await read(root, "p/v1/p_pb.ts");
    const io: Io = { cwd: root, env: {}, color: { out: false, note: false }, out: () => {}, note: () => {} };
    await rm(join(root, "generated"), { recursive: true });
    expect(await runGenerate({ arguments: [], options: { project: root }, io })).to.equal(0);
    expect(await read(root, "p/v1/p_pb.ts")).to.equal(warm);
  });

  it("keeps the last good output while there is a syntax error, and goes on once it is mended", async () => {
    const watched = await start({ "schemas/a.avsc": avro("A") });
    const before = await stat(join(watched.root, "generated/a/v1/a.ts"));
    await watched.save("schemas/a.avsc", '{ "type": "record", ');
    expect(watched.said()).to.include("schema-syntax");
    expect((await stat(join(watched.root, "generated/a/v1/a.ts"))).mtimeMs).to.equal(before.mtimeMs);
    await watched.save("schemas/a.avsc", avro("A", "mended"));
    expect(await read(watched.root, "a/v1/a.ts")).to.include("readonly mended: string;");
  });

  it("takes fifty saves in a burst as one change", async () => {
    const watched = await start({ "schemas/a.avsc": avro("A") });
    // In one turn: however slow the machine is, nothing runs between two of them.
    for (let count = 0; count < 50; count += 1)
      writeFileSync(join(watched.root, "schemas", `b${count % 5}.avsc`), avro(`B${count % 5}`, `f${count}`));
    await waitUntil("the run after the burst", () => watched.runs() > 1);
    // A change of its own: whatever the burst set going has ended when this one was seen.
    await watched.save("schemas/a.avsc", avro("A", "later"));
    expect(watched.runs()).to.equal(3);
    expect(await read(watched.root, "a/v1/b4.ts")).to.include("f49");
  });

  it("reads settings anew, survives wrong ones, and sees folders that come and go", async () => {
    const watched = await start({ "schemas/a.avsc": avro("A"), "keryx.yaml": "" });
    await watched.save("keryx.yaml", "defaults: { owner: 7 }\n");
    expect(watched.said()).to.include("config_invalid");
    await watched.save("keryx.yaml", "defaults: { owner: team-watch }\n");
    expect(await read(watched.root, "a/v1/a.ts")).to.include('owner: "team-watch"');
    await writeInto(watched.root, "schemas/new/deeper/b.avsc", avro("B"));
    await waitUntil("the new folder's schema", () => existsSync(join(watched.root, "generated/a/v1/b.ts")));
    await rm(join(watched.root, "schemas/new"), { recursive: true });
    await waitUntil("its output to go", () => !existsSync(join(watched.root, "generated/a/v1/b.ts")));
  });

  it("has nothing to watch for with --check, nor without a folder of schemas", async () => {
    const root = await writeTree({ "keryx.yaml": "" });
    const io: Io = { cwd: root, env: {}, color: { out: false, note: false }, out: () => {}, note: () => {} };
    const run = (options: object): Promise<unknown> =>
      runGenerate({ arguments: [], options: { project: root, watch: true, ...options }, io }).then(
        () => "ended",
        (error: { code: string }) => error.code,
      );
    expect(await run({ check: true })).to.equal("usage");
    expect(await run({})).to.equal("generate_failed");
  });

  it("ends with 0 at SIGTERM, as a process", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro("A") });
    const args = ["--conditions=@keryx/source", join(repository, "bin/keryx.mjs"), "generate", "--watch"];
    const child = spawn(process.execPath, args, { cwd: root, env: {}, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await waitUntil("it to watch", () => said.includes("Watching"));
    child.kill("SIGTERM");
    expect(await ended, said).to.equal(0);
    expect(existsSync(join(root, "generated/a/v1/a.ts"))).to.equal(true);
  });
});

async function writeInto(root: string, path: string, text: string): Promise<void> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), text);
}
