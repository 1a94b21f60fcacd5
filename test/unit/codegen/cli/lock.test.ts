import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packagedOptions } from "../../../../codegen/load/options.ts";
import type { Lock } from "../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import { type CommandAnswer, runCommand } from "../../../support/command.ts";
import { writeTree } from "../../../support/schema-tree.ts";

const name = "schemas.lock.json";
const schema = (event: string, fields: readonly object[] = [], keryx: object = {}): string =>
  JSON.stringify({
    ...{ type: "record", name: event, namespace: "a.v1" },
    keryx: { topic: `${event.toLowerCase()}-events`, ...keryx },
    fields: [{ name: "k", type: "string" }, ...fields],
  });
const optional = (field: string): object => ({ name: field, type: ["null", "string"], default: null });

describe("keryx lock", function () {
  this.timeout(60_000);
  const events = ["A", "B", "C"];
  const project = (): Promise<string> =>
    writeTree({
      "schemas/keryx/v1/options.proto": packagedOptions(),
      ...Object.fromEntries(events.map((event) => [`schemas/a/v1/${event}.avsc`, schema(event)])),
    });
  const put = (
    root: string,
    event: string,
    ...rest: [fields?: readonly object[], keryx?: object]
  ): Promise<void> => writeFile(join(root, "schemas/a/v1", `${event}.avsc`), schema(event, ...rest));
  const keryx = async (root: string, ...args: string[]): Promise<CommandAnswer> => runCommand(root, args);
  const read = async (root: string): Promise<Lock> => {
    const { lock, diagnostics } = parseLock(await readFile(join(root, name), "utf8"), name);
    expect(diagnostics).to.deep.equal([]);
    return lock;
  };
  const counts = async (root: string): Promise<readonly number[]> =>
    [...(await read(root)).events.values()].map(({ versions }) => versions.length);

  describe("release", () => {
    it("leaves what was generated up to date", async () => {
      const root = await project();
      for (const command of ["generate", "lock release", "generate --check"])
        expect((await keryx(root, ...command.split(" "))).exit, command).to.equal(0);
    });

    it("makes versions of the drafts, then finds nothing to release", async () => {
      const root = await project();
      const { exit, out, note } = await keryx(root, "lock", "release");
      expect(exit).to.equal(0);
      expect(out).to.equal(
        events
          .map((event) => `a.v1.${event} released as version 1 of ${event.toLowerCase()}-events-value\n`)
          .join(""),
      );
      expect(note).to.contain("3 released, 0 updated; commit schemas.lock.json.");
      expect(await counts(root)).to.deep.equal([1, 1, 1]);
      const again = await keryx(root, "lock", "release");
      expect([again.exit, again.out]).to.deep.equal([
        0,
        events.map((event) => `a.v1.${event} unchanged\n`).join(""),
      ]);
      expect(again.note).to.contain("Nothing to release.");
      expect(await counts(root)).to.deep.equal([1, 1, 1]);
    });

    it("releases the named events and says which are left", async () => {
      const root = await project();
      const { exit, out } = await keryx(root, "lock", "release", "B", "a.v1.C");
      expect(exit).to.equal(0);
      expect(out).to.contain("a.v1.A left: its draft is not released\n");
      expect(await counts(root)).to.deep.equal([0, 1, 1]);
    });

    it("shows what it would do and writes nothing in a dry run", async () => {
      const root = await project();
      const { exit, out } = await keryx(root, "lock", "release", "--dry-run", "--json");
      expect(exit).to.equal(0);
      expect(JSON.parse(out)).to.deep.include({ ok: true, dryRun: true, lock: "same" });
      expect(JSON.parse(out).events[0]).to.deep.equal({
        ...{ state: "released", event: "a.v1.A", subject: "a-events-value", versions: 1 },
      });
      expect(await read(root).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ENOENT");
      expect((await keryx(root, "lock", "release", "--dry-run")).out).to.contain(
        "would be released as version 1",
      );
    });

    it("adds a version for a changed schema, and none for a changed owner", async () => {
      const root = await project();
      await keryx(root, "lock", "release");
      await put(root, "A", [optional("note")]);
      await put(root, "B", [], { owner: "me" });
      const { exit, out } = await keryx(root, "lock", "release");
      expect(exit).to.equal(0);
      expect(out).to.contain("a.v1.A released as version 2 of a-events-value\n");
      expect(out).to.contain("a.v1.B updated: its policy; no new version\n");
      expect(await counts(root)).to.deep.equal([2, 1, 1]);
    });

    it("counts the versions of a new subject from one, and keeps those of the old one", async () => {
      const root = await project();
      await keryx(root, "lock", "release");
      await writeFile(join(root, "keryx.yaml"), "topics:\n  a-events:\n    subjectStrategy: record-name\n");
      const { exit, out, note } = await keryx(root, "lock", "release", "A");
      expect(exit, note).to.equal(0);
      expect(out).to.contain("a.v1.A released as version 1 of a.v1.A\n");
      const { released, versions } = (await read(root)).events.get("a.v1.A") ?? { versions: [] };
      expect(released?.subject).to.equal("a.v1.A");
      expect(versions.map((one) => one.subject)).to.deep.equal(["a-events-value", undefined]);
    });

    it("refuses what the check refuses, and changes nothing", async () => {
      const root = await project();
      await keryx(root, "lock", "release");
      const before = await readFile(join(root, name), "utf8");
      for (const broken of [[{ name: "note", type: "string" }], []] as const) {
        await put(root, "A", broken, broken.length > 0 ? {} : { topic: "elsewhere" });
        const { exit, out, note } = await keryx(root, "lock", "release");
        expect([exit, out]).to.deep.equal([3, ""]);
        expect(note).to.contain("A.avsc").and.to.contain("Nothing was released.");
        expect(await readFile(join(root, name), "utf8")).to.equal(before);
      }
    });

    it("refuses a lock file that was edited by hand", async () => {
      const root = await project();
      await keryx(root, "lock", "release");
      const text = await readFile(join(root, name), "utf8");
      await writeFile(
        join(root, name),
        text.replace('"compatibility": "BACKWARD"', '"compatibility": "NONE"'),
      );
      const { exit, note } = await keryx(root, "lock", "release");
      expect(exit).to.equal(3);
      expect(note).to.contain("lock-invalid").and.to.contain("edited by hand");
    });
  });

  describe("and git", () => {
    const git = (root: string, ...args: string[]): string => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
      return execFileSync("git", [...identity, ...args], { cwd: root, encoding: "utf8", stdio: "pipe" });
    };
    const commit = (root: string): void => {
      git(root, "add", "-A");
      git(root, "commit", "-q", "-m", "x");
    };
    /** A project with a released state on the branch `main`. */
    async function repository(): Promise<string> {
      const root = await project();
      await keryx(root, "lock", "release");
      git(root, "init", "-q", "-b", "main");
      commit(root);
      return root;
    }
    const onBranch = async (root: string, branch: string, event: string, field: string): Promise<void> => {
      git(root, "checkout", "-q", "-b", branch, "main");
      await put(root, event, [optional(field)]);
      expect((await keryx(root, "lock", "release")).exit).to.equal(0);
      commit(root);
    };
    const merge = (root: string, branch: string): string | undefined => {
      try {
        git(root, "merge", "-q", "--no-edit", branch);
        return undefined;
      } catch (error) {
        return String((error as { stdout?: unknown }).stdout);
      }
    };

    it("merge branches that change different events, also neighbours and the last one, without a conflict", async () => {
      const root = await repository();
      await onBranch(root, "one", "A", "x");
      await onBranch(root, "two", "B", "y");
      await onBranch(root, "three", "C", "z");
      expect([merge(root, "one"), merge(root, "two")]).to.deep.equal([undefined, undefined]);
      expect(await counts(root)).to.deep.equal([2, 2, 2]);
      expect((await keryx(root, "lock", "release")).note).to.contain("Nothing to release.");
    });

    it("stop at two changes of one event; merge keeps both sides' versions, and the check is content again", async () => {
      const root = await repository();
      await onBranch(root, "one", "A", "x");
      await onBranch(root, "two", "A", "y");
      expect(merge(root, "one")).to.contain("CONFLICT");
      await put(root, "A", [optional("x"), optional("y")]);
      const stuck = await keryx(root, "generate");
      expect(stuck.exit).to.equal(1);
      expect(stuck.note).to.contain(`${name}:`).and.to.contain("keryx lock merge");
      const merged = await keryx(root, "lock", "merge");
      expect(merged.exit).to.equal(0);
      const versions = (await read(root)).events.get("a.v1.A")?.versions ?? [];
      expect(versions.map((one) => /"(x|y)"/.exec(one.schema)?.[1])).to.deep.equal([undefined, "y", "x"]);
      expect((await keryx(root, "lock", "release")).exit).to.equal(0);
      expect(await counts(root)).to.deep.equal([4, 1, 1]);
      git(root, "add", "-A");
      expect(git(root, "status", "--short")).not.to.contain("UU");
    });

    it("have nothing to merge where git has no conflict", async () => {
      const { exit, note } = await keryx(await repository(), "lock", "merge");
      expect(exit).to.equal(2);
      expect(note).to.contain("Git has no merge conflict");
    });
  });
});
