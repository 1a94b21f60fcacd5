import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { keryx, projectBench, put, root, sample, snapshot } from "../../support/keryx-process.ts";

describe("keryx", function () {
  this.timeout(60_000);
  const bench = projectBench();

  describe("init", () => {
    it("writes the settings, the options and one sample event, and names the packages to install", async () => {
      const fresh = join(bench.folder, "fresh");
      mkdirSync(fresh);
      const { exit, out, note } = await keryx(["init"], { cwd: fresh });
      expect(exit).to.equal(0);
      expect(out.trim().split("\n")).to.deep.equal([
        "created keryx.yaml",
        "created buf.yaml",
        `created ${sample}`,
        "created schemas/keryx/v1/options.proto",
      ]);
      for (const name of ["@bufbuild/buf", "@bufbuild/protobuf", "@bufbuild/protoc-gen-es", "type=module"])
        expect(note).to.include(name);
    });

    it("overwrites nothing of the user's, and adds no sample where there are schemas", async () => {
      for (const path of ["keryx.yaml", "buf.yaml", sample])
        appendFileSync(join(bench.folder, path), "\n# mine\n");
      const before = snapshot(bench.folder);
      const { exit, out } = await keryx(["init"], { cwd: bench.folder });
      expect(exit).to.equal(0);
      expect(out).to.equal("kept keryx.yaml\nkept buf.yaml\nkept schemas/keryx/v1/options.proto\n");
      expect(snapshot(bench.folder)).to.deep.equal(before);
    });

    it("renews an old copy of the options, and leaves a file that is something else", async () => {
      const options = join(bench.folder, "schemas/keryx/v1/options.proto");
      const shipped = readFileSync(options, "utf8");
      writeFileSync(options, shipped.replaceAll("\n", "\r\n"));
      expect((await keryx(["init"], { cwd: bench.folder })).out).to.include("kept schemas/keryx");
      writeFileSync(options, shipped.replace("optional string owner = 9;", ""));
      const stale = await keryx(["generate"], { cwd: bench.folder });
      expect([stale.exit, stale.out]).to.deep.equal([1, ""]);
      expect(stale.note).to.include("options-file").and.include("keryx init");
      expect((await keryx(["init"], { cwd: bench.folder })).out).to.include("renewed schemas/keryx");
      expect(readFileSync(options, "utf8")).to.equal(shipped);
      writeFileSync(options, "somebody else's notes\n");
      const refused = await keryx(["init"], { cwd: bench.folder });
      expect(refused.exit).to.equal(1);
      expect(refused.note).to.include("[generate_failed]").and.include("Move it away");
      expect(readFileSync(options, "utf8")).to.equal("somebody else's notes\n");
    });

    it("takes another folder for the schemas", async () => {
      // A shell would make something of this name.
      const fresh = join(bench.folder, "it's `touch pwned` $(touch pwned); new");
      const { exit } = await keryx(["init", "--project", fresh, "--schemas", "events"], {
        cwd: bench.folder,
      });
      expect(exit).to.equal(0);
      const { exit: linted, note } = await keryx(["lint"], { cwd: join(fresh, "events") });
      expect([linted, note]).to.deep.equal([0, "0 errors, 0 warnings\n"]);
      expect((await keryx(["generate", "--schemas", "events"], { cwd: fresh })).exit).to.equal(0);
      const names = readdirSync(bench.folder, { recursive: true, encoding: "utf8" });
      expect(names.filter((name) => name.endsWith("pwned"))).to.deep.equal([]);
    });
  });

  describe("explain", () => {
    it("shows where each value comes from: schema, settings by line, environment, default", async () => {
      const schema = readFileSync(join(bench.folder, sample), "utf8").replace(/ {4}retry: .*\n/, "");
      writeFileSync(join(bench.folder, sample), schema);
      appendFileSync(join(bench.folder, "keryx.yaml"), 'topics:\n  shop-orders:\n    owner: "team shop"\n');
      const env = { KERYX__DEFAULTS__COMPATIBILITY: "FULL" };
      const { exit, out, note } = await keryx(["explain", "order.placed"], { cwd: bench.folder, env });
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
      const { exit, out } = await keryx(["explain", "OrderPlaced", "--json"], { cwd: bench.folder });
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
      const { exit, out, note } = await keryx(["explain", "order.plcaed"], { cwd: bench.folder });
      expect([exit, out]).to.deep.equal([2, ""]);
      expect(note).to.include("Did you mean order.placed?");
    });

    it("shows hostile text of a schema escaped", async () => {
      const schema = readFileSync(join(bench.folder, sample), "utf8");
      writeFileSync(
        join(bench.folder, sample),
        schema.replace("retry:", 'owner: "\\x1b]0;pwned\\x07\\n\\u202e"\n    retry:'),
      );
      const { exit, out } = await keryx(["explain", "order.placed"], { cwd: bench.folder });
      expect(exit).to.equal(0);
      expect(out.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
      expect(out).to.include("\\u001b]0;pwned");
    });

    it("ends quietly when its reader goes away", async () => {
      const { note } = await keryx(["explain", "order.placed"], { cwd: bench.folder, closeEarly: true });
      expect(note).to.equal("");
    });
  });

  describe("any command", () => {
    it("loads only what it needs itself", async () => {
      const loaded = async (...args: readonly string[]): Promise<readonly string[]> => {
        const list = join(bench.folder, "loaded.txt");
        const env = {
          KERYX_TEST_LOADED: list,
          NODE_OPTIONS: `--import ${join(root, "test/support/loaded.mjs")}`,
        };
        expect((await keryx(args, { cwd: bench.folder, env })).exit, args.join(" ")).to.equal(0);
        return readFileSync(list, "utf8").split("\n");
      };
      expect(await loaded("--help")).to.deep.equal(["commander"]);
      expect(await loaded("init")).to.deep.equal(["commander"]);
      for (const args of [["lint"], ["explain", "order.placed"], ["generate"]]) {
        const packages = await loaded(...args);
        expect(packages).to.include("@bufbuild/protobuf");
        for (const heavy of ["kafkajs", "pino", "typescript"]) expect(packages).to.not.include(heavy);
      }
    });

    it("takes a folder that cannot be written for an error of the user's, without a stack", async () => {
      put(bench.folder, "taken/schemas", "a file\n");
      const { exit, note } = await keryx(["init", "--project", "taken"], { cwd: bench.folder });
      expect(exit).to.equal(1);
      expect(note).to.match(/^error \[generate_failed\] .+\n {2}next: {2}.+\n$/);
    });

    it("refuses a project that is not there", async () => {
      const { exit, note } = await keryx(["lint", "--project", "nowhere"], { cwd: bench.folder });
      expect(exit).to.equal(2);
      expect(note).to.include('--project "nowhere" is not a folder').and.include("keryx init");
      rmSync(join(bench.folder, "schemas"), { recursive: true });
      const empty = await keryx(["lint"], { cwd: bench.folder });
      expect(empty.exit).to.equal(1);
      expect(empty.note).to.include("[generate_failed]").and.include("keryx init");
    });
  });

  describe("settings", () => {
    it("refuses an unknown key with its place and the name that was meant", async () => {
      appendFileSync(join(bench.folder, "keryx.yaml"), "clientID: x\n");
      for (const args of [["generate"], ["lint"], ["explain", "order.placed"], ["config", "explain"]]) {
        const { exit, out, note } = await keryx(args, { cwd: bench.folder });
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
      const { exit, out, note } = await keryx(["config", "explain"], { cwd: bench.folder, env });
      expect(exit, note).to.equal(0);
      expect(out).to.match(/^brokers +\["localhost:9092"\] +keryx\.yaml:\d+:1$/m);
      expect(out).to.match(/^registry\.auth\.password +\*\*\* +KERYX__REGISTRY__AUTH__PASSWORD$/m);
      expect(out + note).to.not.include("hunter22");
      const json = JSON.parse((await keryx(["config", "explain", "--json"], { cwd: bench.folder, env })).out);
      expect(json.settings.map((one: { path: string }) => one.path)).to.include("schemas.dir");
    });
  });
});
