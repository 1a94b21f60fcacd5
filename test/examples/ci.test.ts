import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { parse } from "yaml";
import { type CommandRow, commandOptions } from "../../codegen/cli/command.ts";
import { commands } from "../../codegen/cli/commands.ts";
import { type CheckedProject, createCheckedProject } from "../support/check-project.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Every text below a node of a YAML document. */
function textsOf(node: unknown): readonly string[] {
  if (typeof node === "string") return [node];
  return typeof node === "object" && node !== null ? Object.values(node).flatMap(textsOf) : [];
}

/** Command lines of ours in shell text, up to what the shell does with them. */
function callsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:\bnpx (?:--no )?|`)keryx ([a-z][^\n|>&;#`]*)/g)].map(([, call = ""]) =>
    call.trim(),
  );
}

/** Says what is wrong with a command line; nothing when the program knows all of it. */
function problemOf(call: string): string | undefined {
  const words = [...call.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word);
  const isStart = ({ name }: CommandRow): boolean => `${call} `.startsWith(`${name} `);
  const row = commands.find(isStart);
  if (row === undefined) return `no such command: ${call}`;
  const flags = row.options.map((option) => commandOptions[option][0].split(" "));
  const rest = words.slice(row.name.split(" ").length);
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? "";
    const flag = flags.find(([name]) => name === word);
    if (flag === undefined && (word.startsWith("-") || row.argument === undefined))
      return `${word} in ${call}`;
    if (flag !== undefined && flag.length > 1) index++;
  }
  return undefined;
}

const recipes = ["examples/ci/github-actions.yml", "examples/ci/gitlab-ci.yml"];
const guides = ["ci", "authoring", "lock-file", "changing-schemas"].map((name) => `docs/guides/${name}.md`);

describe("the recipes for CI", () => {
  for (const recipe of recipes)
    it(`${recipe} is YAML, and the program knows every command line in it`, () => {
      const calls = textsOf(parse(read(recipe))).flatMap(callsOf);
      expect(calls).to.include("lint").and.to.include("generate --check");
      expect(calls.some((call) => call.startsWith("check --against"))).to.equal(true);
      expect(calls.map(problemOf).filter((problem) => problem !== undefined)).to.deep.equal([]);
    });

  for (const path of ["README.md", "examples/ci/pre-commit", ...guides])
    it(`the program knows every command line in ${path}`, () => {
      const calls = callsOf(read(path));
      expect(calls.length).to.be.greaterThan(0);
      expect(calls.map(problemOf).filter((problem) => problem !== undefined)).to.deep.equal([]);
    });

  it("would be found out with a flag that the program does not know", () => {
    expect(problemOf("check --agianst lock")).to.equal("--agianst in check --agianst lock");
    expect(problemOf("chek")).to.equal("no such command: chek");
    expect(problemOf("lint more")).to.equal("more in lint more");
  });
});

/** A new project with a released event, as a repository; `npx keryx` in it runs the sources. */
async function createShop(folder = ""): Promise<CheckedProject> {
  const shop = await createCheckedProject({}, folder);
  await shop.write({ "keryx.yaml": undefined, schemas: undefined });
  for (const args of [["init", "--project", shop.root], ["generate"], ["lock", "release"]])
    expect((await shop.run(...args)).exit).to.equal(0);
  const bin = join(shop.root, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  const program = join(root, "bin/keryx.mjs");
  writeFileSync(
    join(bin, "keryx"),
    `#!/bin/sh\nexec "${process.execPath}" --conditions=@keryx/source "${program}" "$@"\n`,
  );
  chmodSync(join(bin, "keryx"), 0o755);
  await shop.write({
    ".gitignore": "node_modules\n",
    "package.json": '{ "name": "shop", "private": true }\n',
  });
  shop.commit();
  return shop;
}

const order = "schemas/shop/v1/order_placed.proto";

describe("a new project in CI", function () {
  this.timeout(120_000);
  let shop: CheckedProject;
  let before: string;
  const change = (old: string, now: string): Promise<void> => {
    expect(before).to.include(old);
    return shop.write({ [order]: before.replace(old, now) });
  };

  beforeEach(async () => {
    shop = await createShop();
    before = readFileSync(join(shop.root, order), "utf8");
  });

  describe("with the hook", () => {
    const commit = (
      ...staged: readonly string[]
    ): { readonly exit: number | null; readonly said: string } => {
      execFileSync("git", ["add", ...(staged.length === 0 ? ["--all"] : staged)], { cwd: shop.root });
      const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
      const done = spawnSync(
        "git",
        ["-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-m", "change"],
        { cwd: shop.root, encoding: "utf8", env: { ...process.env, PATH: path } },
      );
      return { exit: done.status, said: `${done.stdout}${done.stderr}` };
    };
    const install = (folder = "."): void => {
      const hook = join(shop.git("rev-parse", "--show-toplevel").trim(), ".git/hooks/pre-commit");
      mkdirSync(dirname(hook), { recursive: true });
      writeFileSync(hook, read("examples/ci/pre-commit").replace("\nproject=.\n", `\nproject=${folder}\n`));
      chmodSync(hook, 0o755);
    };
    beforeEach(function () {
      if (process.platform === "win32") this.skip();
      install();
    });

    it("a good change is committed", async () => {
      await change("placed_at = 5;", "placed_at = 5;\n  string note = 6;");
      expect((await shop.run("generate")).exit).to.equal(0);
      const { exit, said } = commit();
      expect(exit, said).to.equal(0);
    });

    it("a change that breaks readers is refused, with the reason", async () => {
      await change("int64 total_minor = 4;", "string total_minor = 4;");
      expect((await shop.run("generate")).exit).to.equal(0);
      const { exit, said } = commit();
      expect(said).to.include("wire-unsafe shop.v1.OrderPlaced").and.to.include("Not committed.");
      expect(exit).to.equal(1);
      expect(shop.git("log", "--oneline").trim().split("\n")).to.have.lengthOf(1);
    });

    it("generated code that was forgotten is refused", async () => {
      await change("placed_at = 5;", "placed_at = 5;\n  string note = 6;");
      const { exit, said } = commit();
      expect([exit, /Run `keryx generate`/.test(said)]).to.deep.equal([1, true]);
    });

    it("what is not staged is not looked at", async () => {
      await change("placed_at = 5;", "placed_at = 5;\n  string note = 6;");
      expect((await shop.run("generate")).exit).to.equal(0);
      execFileSync("git", ["add", "--all"], { cwd: shop.root });
      await change("int64 total_minor = 4;", "string total_minor = 4;");
      const { exit, said } = commit("generated");
      expect(exit, said).to.equal(0);
      expect(commit().exit).to.equal(1);
    });

    it("a commit without schemas is not held up", async () => {
      await shop.write({ "README.md": "A shop.\n" });
      await change("int64 total_minor = 4;", "string total_minor = 4;");
      const { exit, said } = commit("README.md");
      expect([exit, said.includes("Compared")]).to.deep.equal([0, false]);
    });

    it("a project in a folder of the repository is judged alike", async () => {
      shop = await createShop("services/shop");
      install("services/shop");
      await change("int64 total_minor = 4;", "string total_minor = 4;");
      const refused = commit();
      expect([refused.exit, refused.said.includes("wire-unsafe shop.v1.OrderPlaced")]).to.deep.equal([
        1,
        true,
      ]);
      await change("placed_at = 5;", "placed_at = 5;\n  string note = 6;");
      expect((await shop.run("generate")).exit).to.equal(0);
      const taken = commit();
      expect(taken.exit, taken.said).to.equal(0);
    });
  });

  it("prints what the guide and the README show", async () => {
    // A block whose fence names what it shows.
    const block = /^```text (\S+)\n[\s\S]*?^```$/gm;
    const shown = new Map<string, string>();
    const show = async (name: string, exit: number, ...args: readonly string[]): Promise<void> => {
      const answer = await shop.run(...args);
      expect(answer.exit, name).to.equal(exit);
      shown.set(name, `${answer.out}${answer.note}`);
    };
    await change("int64 total_minor = 4;", "int32 total_minor = 4;");
    await show("narrowed", 3, "check");
    await show("narrowed-github", 3, "check", "--format", "github");
    await shop.write({ "buf.yaml": "version: v2\nmodules:\n  - path: schemas\n" });
    await show("narrowed-without-buf", 3, "check");
    shop.git("checkout", "--", "buf.yaml");
    await change('key: "order_id"', 'key: "event_id"');
    await show("key", 3, "check", "--against", "git:main");
    await change("placed_at = 5;", "placed_at = 5;\n  string note = 6;");
    await show("added", 0, "check");
    await show("absent", 1, "check", "--against", "git:origin/main");
    const named = new Set<string>();
    for (const page of ["docs/guides/ci.md", "README.md"]) {
      const text = read(page).replaceAll(block, (found, name: string) => {
        named.add(name);
        return shown.has(name) ? `\`\`\`text ${name}\n${shown.get(name)}\`\`\`` : found;
      });
      // To accept a change: KERYX_UPDATE_GOLDEN=1, then read the difference.
      if (process.env["KERYX_UPDATE_GOLDEN"]) writeFileSync(join(root, page), text);
      expect(read(page)).to.equal(text);
    }
    expect([...named]).to.have.members([...shown.keys()]);
  });

  it("reports to GitLab what was found, each finding under a fingerprint of its own", async () => {
    await change("int64 total_minor = 4;", "string total_minor = 4;");
    const { out } = await shop.run("check", "--format", "json");
    const script = join(root, "examples/ci/gitlab-code-quality.mjs");
    const report: { fingerprint: string; severity: string; location: object; check_name: string }[] =
      JSON.parse(execFileSync(process.execPath, [script], { input: out, encoding: "utf8" }));
    expect(report.map((one) => one.check_name)).to.deep.equal(
      JSON.parse(out).findings.map(({ rule }: { rule: string }) => rule),
    );
    expect(report[0]?.location).to.deep.equal({ path: order, lines: { begin: 26 } });
    expect(report[0]?.severity).to.equal("major");
    expect(new Set(report.map(({ fingerprint }) => fingerprint))).to.have.lengthOf(report.length);
    const failed = spawnSync(process.execPath, [script], { input: '{"error":{"message":"no baseline"}}' });
    expect(failed.status).to.equal(1);
  });
});
