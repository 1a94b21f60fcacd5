import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packagedOptions } from "../../../../../codegen/load/options.ts";
import { formatLock } from "../../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../../codegen/model/lock-parse.ts";
import { type CheckedProject, createCheckedProject, summarize } from "../../../../support/check-project.ts";

const event = (name: string, topic: string, fields: string, imports = ""): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
${imports}message ${name} {
  option (keryx.v1.event) = { ${topic === "" ? "" : `topic: "${topic}"`} };
${fields}
}
`;
const order = event("OrderPlaced", "orders", "  string id = 1;\n  int64 total = 2;");
const broken = order.replace("int64 total", "string total");

/** Rules and kinds, which is enough to see that the right things were compared. */
const kinds = async (project: CheckedProject, ref: string): Promise<readonly string[]> => {
  const { findings } = await project.check({ against: `git:${ref}` });
  return findings.map(({ rule, kind }) => kind ?? rule);
};

describe("keryx check against a commit", () => {
  it("compares with branches, tags and commits alike, and leaves working tree and index alone", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    project.commit();
    project.git("tag", "v1");
    const first = project.git("rev-parse", "HEAD").trim();
    await project.write({ "schemas/a.proto": broken });
    project.commit();
    await project.write({ "schemas/new.proto": "// not yet anything\n" });
    const before = project.git("status", "--porcelain");
    for (const ref of ["main~1", "v1", first, first.slice(0, 10), "HEAD^"])
      expect(await kinds(project, ref), ref).to.include("FIELD_SCALAR_KIND_CHANGED");
    expect(await kinds(project, "main")).to.deep.equal([]);
    expect(project.git("status", "--porcelain")).to.equal(before);
  });

  it("reads a project in a folder of the repository, with the settings of then", async () => {
    const project = await createCheckedProject(
      {
        "events/keryx/v1/options.proto": packagedOptions(),
        "keryx.yaml": "schemas:\n  dir: events\ndefaults:\n  topic: orders\n",
        "events/a.proto": event("OrderPlaced", "", "  string id = 1;\n  int64 total = 2;"),
      },
      "services/shop one",
    );
    project.commit();
    await project.write({
      "keryx.yaml": "defaults:\n  topic: orders-2\n",
      events: undefined,
      "schemas/a.proto": event("OrderPlaced", "", "  string id = 1;\n  int64 total = 2;"),
    });
    const { exit, findings } = await project.check({ against: "git:HEAD" });
    expect(exit).to.equal(3);
    expect(summarize(findings)).to.deep.equal(["topic-changed keryx.yaml:2:3"]);
    const { out } = await project.check({ against: "git:HEAD", format: "github" });
    expect(out).to.include("file=services/shop one/keryx.yaml,");
  });

  it("compares with the released versions of then, too, and with the schemas behind them", async () => {
    const project = await createCheckedProject({
      "schemas/a.proto": order.replace(
        'topic: "orders"',
        'topic: "orders" compatibility: BACKWARD_TRANSITIVE',
      ),
    });
    const text = (fields: string): string =>
      event("OrderPlaced", 'orders" compatibility: BACKWARD_TRANSITIVE owner: "me', fields);
    await project.write({ "schemas/a.proto": text("  string id = 1;\n  int64 total = 2;") });
    await project.release();
    await project.write({ "schemas/a.proto": text('  string id = 1;\n  reserved 2;\n  reserved "total";') });
    project.commit();
    await project.write({ "schemas/a.proto": text("  string id = 1;\n  string total = 2;") });
    const { findings } = await project.check({ against: "git:HEAD" });
    const registry = findings.filter(({ rule }) => rule === "registry-incompatible");
    // The newest says nothing against it; the version before does.
    expect(registry.map(({ against, kind }) => [against, kind])).to.deep.equal([
      [1, "FIELD_SCALAR_KIND_CHANGED"],
    ]);
  });

  it("takes every event for new where the commit had no schemas", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    await project.write({ schemas: undefined });
    project.commit();
    await project.write({
      "schemas/a.proto": order
        .replace('import "keryx/v1/options.proto";\n', "")
        .replace(/ {2}option.*\n/, ""),
    });
    const { exit, findings } = await project.check({ against: "git:HEAD" });
    expect([exit, findings]).to.deep.equal([0, []]);
  });

  it("reads schemas whose options file is of another version of Keryx", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    await project.write({ "schemas/keryx/v1/options.proto": `${packagedOptions()}// of old\n` });
    project.commit();
    await project.write({ "schemas/keryx/v1/options.proto": packagedOptions(), "schemas/a.proto": broken });
    expect(await kinds(project, "HEAD")).to.include("FIELD_SCALAR_KIND_CHANGED");
  });

  it("cannot tell from a commit whose schemas have errors", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": "syntax = nothing" });
    project.commit();
    await project.write({ "schemas/a.proto": order });
    const { exit, note } = await project.run("check", "--against", "git:HEAD");
    expect(exit).to.equal(1);
    expect(note).to.match(
      /baseline_unavailable\] The schemas at HEAD have errors themselves, the first in a\.proto:1/,
    );
  });

  it("cannot tell from settings that are not valid any more", async () => {
    const project = await createCheckedProject({
      "schemas/a.proto": order,
      "keryx.yaml": "settingOfOld: 1\n",
    });
    project.commit();
    await project.write({ "keryx.yaml": "clientId: test\n" });
    const { exit, note } = await project.run("check", "--against", "git:HEAD");
    expect(exit).to.equal(1);
    expect(note).to.match(/baseline_unavailable\] The settings at HEAD cannot be read: .*settingOfOld/s);
  });

  it("finds released versions that were taken out of the lock file, changed or moved", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    await project.release();
    await project.write({
      "schemas/a.proto": order.replace("  int64 total = 2;", "  int64 total = 2;\n  string note = 3;"),
    });
    await project.release();
    project.commit();
    const committed = project.git("show", "HEAD:schemas.lock.json");
    await project.write({ "schemas.lock.json": undefined });
    const gone = await project.check({ against: "git:HEAD" });
    expect([gone.exit, gone.findings.map(({ rule }) => rule)]).to.deep.equal([3, ["lock-edited"]]);
    expect(gone.findings[0]?.message).to.include("its 2 released versions are gone");

    const { lock } = parseLock(committed, "");
    const entry = lock.events.get("shop.v1.OrderPlaced");
    if (entry === undefined) throw new Error("no event");
    const write = (versions: typeof entry.versions): Promise<void> =>
      project.write({
        "schemas.lock.json": formatLock({
          events: new Map([["shop.v1.OrderPlaced", { ...entry, versions }]]),
        }),
      });
    for (const [versions, message] of [
      [entry.versions.slice(0, 1), "released version 2 is gone"],
      [entry.versions.toReversed(), "released version 1 stands at another place"],
      [entry.versions.slice(1), "released version 1 is gone"],
    ] as const) {
      await write(versions);
      for (const against of ["git:HEAD", "lock"]) {
        const { exit, findings } = await project.check({ against });
        const edited = findings.find(({ rule }) => rule === "lock-edited");
        expect([exit, edited?.message.includes(message)], `${against} ${message}`).to.deep.equal([3, true]);
        expect(edited?.file).to.equal("schemas.lock.json");
      }
    }
    await project.write({ "schemas.lock.json": committed });
    expect((await project.check({ against: "git:HEAD" })).findings).to.deep.equal([]);
  });

  it("cannot tell what the last commit had locked when git refuses the repository", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    await project.release();
    expect((await project.run("check")).exit, "outside of git there is nothing to compare with").to.equal(0);
    project.commit();
    expect((await project.run("check")).exit).to.equal(0);
    await project.write({ ".git/HEAD": "of no use\n" });
    const { exit, note } = await project.run("check");
    expect(exit).to.equal(1);
    expect(note)
      .to.include("[baseline_unavailable]")
      .and.include("cannot be read as part of a git repository");
  });

  it("says so when there is no repository", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    const { exit, note } = await project.run("check", "--against", "git:HEAD");
    expect(exit).to.equal(1);
    expect(note).to.match(/baseline_unavailable\].*not a git repository/);
    expect((await project.check()).exit).to.equal(0);
  });

  it("takes a hostile name for a name, not for an option or a file", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    project.commit();
    const target = join(project.root, "written");
    for (const ref of [
      `--output=${target}`,
      "--all",
      "-x",
      "HEAD:schemas",
      "$(touch written)",
      "; touch written",
      "HEAD..HEAD",
      "nope",
    ]) {
      const { exit, note } = await project.run("check", "--against", `git:${ref}`);
      expect([exit, note.includes("The repository has no commit")], ref).to.deep.equal([1, true]);
    }
    expect(existsSync(target)).to.equal(false);
  });

  it("names the way out of a shallow clone", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    project.commit();
    project.commit();
    const first = project.git("rev-parse", "HEAD~1").trim();
    const clone = await createCheckedProject({});
    const folder = join(clone.root, "clone");
    clone.git("init", "--quiet", clone.root);
    clone.git("clone", "--quiet", "--depth=1", `file://${project.root}`, folder);
    const { exit, note } = await clone.run("check", "--project", folder, "--against", `git:${first}`);
    expect(exit).to.equal(1);
    expect(note).to.include("This clone is shallow").and.include("fetch-depth: 0");
  });

  it("fetches nothing that a partial clone lacks, and says so", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    project.commit();
    await project.write({ "schemas/a.proto": broken });
    project.commit();
    project.git("config", "uploadpack.allowFilter", "true");
    const clone = await createCheckedProject({});
    const folder = join(clone.root, "clone");
    clone.git("init", "--quiet", clone.root);
    clone.git("clone", "--quiet", "--filter=blob:none", `file://${project.root}`, folder);
    expect((await clone.run("check", "--project", folder, "--against", "git:HEAD")).exit).to.equal(0);
    const { exit, note } = await clone.run("check", "--project", folder, "--against", "git:HEAD~1");
    expect(exit).to.equal(1);
    expect(note).to.include("baseline_unavailable").and.include("partial clone");
  });

  it("needs git for nothing but commits", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    const { PATH } = process.env;
    process.env["PATH"] = "";
    try {
      const { exit, note } = await project.run("check", "--against", "git:HEAD");
      expect([exit, note.includes("dependency_missing")]).to.deep.equal([1, true]);
      expect((await project.check()).exit).to.equal(0);
    } finally {
      process.env["PATH"] = PATH;
    }
  });

  it("passes over links and submodules, and leaves no temporary folder behind", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    project.commit();
    const blob = execFileSync("git", ["hash-object", "-w", "--stdin"], {
      cwd: project.root,
      input: "/etc/passwd",
    });
    project.git(
      "update-index",
      "--add",
      "--cacheinfo",
      `120000,${blob.toString().trim()},schemas/link.proto`,
    );
    project.git("commit", "--quiet", "-m", "link");
    const own = mkdtempSync(join(tmpdir(), "keryx-own-"));
    const { TMPDIR } = process.env;
    process.env["TMPDIR"] = own;
    await project.write({ "schemas/a.proto": broken });
    try {
      expect(await kinds(project, "HEAD")).to.include("FIELD_SCALAR_KIND_CHANGED");
      expect(readdirSync(own)).to.deep.equal([]);
    } finally {
      if (TMPDIR === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = TMPDIR;
      rmSync(own, { recursive: true });
    }
  });

  it("refuses a tree with a path that leads out of the folder", async () => {
    const project = await createCheckedProject({ "schemas/a.proto": order });
    project.commit();
    // git itself writes no such tree; made by hand, byte by byte.
    const git = (args: readonly string[], input: string | Buffer): string =>
      execFileSync("git", args, { cwd: project.root, input, encoding: "utf8" }).trim();
    const blob = git(["hash-object", "-w", "--stdin"], order);
    const tree = (mode: string, name: string, id: string): string =>
      git(
        ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
        Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]),
      );
    const inner = tree("40000", "..", tree("100644", "evil.proto", blob));
    const root = tree("40000", "schemas", inner);
    const commit = project.git("commit-tree", root, "-m", "evil").trim();
    const { exit, note } = await project.run("check", "--against", `git:${commit}`);
    expect(exit).to.equal(1);
    expect(note).to.include("is no path of a file in the project");
  });

  it("opens no connection with git or the lock file", async function () {
    this.timeout(30_000);
    const project = await createCheckedProject({ "schemas/a.proto": order });
    await project.release();
    project.commit();
    await project.write({ "schemas/a.proto": broken });
    const folder = mkdtempSync(join(tmpdir(), "keryx-offline-"));
    const guard = join(folder, "guard.mjs");
    const refuse = 'function () { process.stderr.write("CONNECTED\\n"); process.exit(99); }';
    writeFileSync(
      guard,
      `import net from "node:net"; import dns from "node:dns"; import dgram from "node:dgram";
net.Socket.prototype.connect = ${refuse}; dns.lookup = ${refuse}; dgram.createSocket = ${refuse};
globalThis.fetch = ${refuse};`,
    );
    const bin = join(import.meta.dirname, "../../../../../bin/keryx.mjs");
    const run = (...args: readonly string[]): number => {
      try {
        execFileSync(
          process.execPath,
          ["--conditions=@keryx/source", "--import", guard, bin, "check", "--project", project.root, ...args],
          { stdio: "pipe" },
        );
        return 0;
      } catch (error) {
        return (error as { readonly status: number }).status;
      }
    };
    expect(run("--against", "lock")).to.equal(3);
    expect(run("--against", "git:HEAD")).to.equal(3);
    expect(run("--against", "registry:http://127.0.0.1:1")).to.equal(99);
    rmSync(folder, { recursive: true });
  });
});
