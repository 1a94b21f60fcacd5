import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Context } from "mocha";
import { packagedOptions } from "../../codegen/load/options.ts";
import type { Lock } from "../../codegen/model/lock.ts";
import { parseLock } from "../../codegen/model/lock-parse.ts";
import { createRegistryAdmin, type RegistryAdmin } from "../../src/registry/admin.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import { createSerializer } from "../../src/serde/serializer.ts";
import { type CommandAnswer, runCommand } from "../support/command.ts";
import { buildTree, type Files, writeTree } from "../support/schema-tree.ts";
import { type RegistryAt, uniqueName } from "../support/servers.ts";
import { textEvent } from "../unit/serde/events.ts";

const observe = (): void => {};
const head = 'syntax = "proto3";\npackage shop.v1;\n';
const money = `${head}message Money {\n  int64 minor = 1;\n  string currency = 2;\n}\n`;

/** A project of its own: an order with an imported type, and a payment in Avro. */
function shop(topic: string, { field = "string k = 1;", payment = [] as readonly object[] } = {}): Files {
  return {
    "shop/v1/order.proto": `${head}import "keryx/v1/options.proto";\nimport "${topic}/money.proto";\nmessage Order {\n  option (keryx.v1.event) = { topic: "${topic}-orders" key: "k" compatibility: FULL };\n  ${field}\n  Money price = 2;\n}\n`,
    [`${topic}/money.proto`]: money,
    "shop/v1/payment.avsc": JSON.stringify({
      ...{ type: "record", name: "Payment", namespace: "shop.v1" },
      keryx: { topic: `${topic}-payments`, key: "id", compatibility: "BACKWARD_TRANSITIVE" },
      fields: [{ name: "id", type: "string" }, ...payment],
    }),
  };
}

/** What holds on any registry; `start` starts one, or skips. */
export function describeRegister(start: (test: Context) => Promise<RegistryAt>): void {
  describe("keryx register on a real registry", function () {
    this.timeout(120_000);
    let server: RegistryAt;
    let admin: RegistryAdmin;
    before(async function () {
      server = await start(this);
      admin = createRegistryAdmin({ url: server.url, retries: 0 }, observe);
    });
    after(async () => {
      await admin?.close();
      await server?.close();
    });

    const inFolder = (files: Files): Files =>
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`schemas/${path}`, text]));
    const project = (files: Files): Promise<string> =>
      writeTree({ "schemas/keryx/v1/options.proto": packagedOptions(), ...inFolder(files) });
    const change = async (root: string, files: Files): Promise<void> => {
      for (const [path, text] of Object.entries(inFolder(files))) await writeFile(join(root, path), text);
    };
    const register = (root: string, ...args: string[]): Promise<CommandAnswer> =>
      runCommand(root, ["register", ...args], {
        env: { KERYX__REGISTRY__URL: server.url, KERYX__REGISTRY__RETRIES: "0" },
      });
    const lockOf = async (root: string): Promise<Lock> => {
      const text = await readFile(join(root, "schemas.lock.json"), "utf8");
      return parseLock(text, "schemas.lock.json").lock;
    };
    const addition = [{ name: "note", type: "string", default: "" }];

    it("sets the level, registers imports before their parents, writes the lock file, and then finds nothing to do", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      const first = await register(root);
      expect([first.exit, first.note]).to.deep.equal([
        0,
        "3 registered, 0 unchanged; schemas.lock.json written.\n",
      ]);
      expect(first.out.replace(/ id \d+/g, "").split("\n")).to.deep.equal([
        `registered ${topic}/money.proto version 1`,
        `level set ${topic}-orders-value FULL`,
        `registered ${topic}-orders-value version 1 (shop.v1.Order)`,
        `level set ${topic}-payments-value BACKWARD_TRANSITIVE`,
        `registered ${topic}-payments-value version 1 (shop.v1.Payment)`,
        "",
      ]);
      expect(await admin.levelInForce(`${topic}-orders-value`)).to.deep.equal({
        level: "FULL",
        from: "subject",
      });
      const version = (await lockOf(root)).events.get("shop.v1.Order")?.versions[0];
      expect(version).to.include({ version: 1 }).and.to.have.property("id");
      expect(version?.references).to.deep.equal([
        {
          name: `${topic}/money.proto`,
          subject: `${topic}/money.proto`,
          version: 1,
          schema: money,
          references: [],
        },
      ]);
      const text = await readFile(join(root, "schemas.lock.json"), "utf8");
      const second = await register(root);
      expect([second.exit, second.note]).to.deep.equal([0, "Everything was registered already.\n"]);
      expect(second.out).to.match(/^(unchanged .*\n){3}$/);
      expect(await readFile(join(root, "schemas.lock.json"), "utf8")).to.equal(text);
    });

    it("registers what a producer looks for that must not register itself", async () => {
      const topic = uniqueName("shop");
      const files = shop(topic);
      const { model } = await buildTree(files);
      expect((await register(await project(files))).exit).to.equal(0);
      const registry = createHttpRegistry({ url: server.url }, observe);
      const serializer = createSerializer({ registry, autoRegister: false, observe });
      const events = model.events.map(({ name, format, wire, options, index }) => {
        const event = textEvent({ name, format, index, schema: wire.schema, subject: options.subject.value });
        return { ...event, wire };
      });
      await serializer.prepare(events);
      expect(serializer.serialize(events[0] as (typeof events)[0], "x")[0]).to.equal(0);
      await registry.close();
    });

    it("adds a version for a compatible change, of the changed event alone", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      await register(root);
      await change(root, shop(topic, { payment: addition }));
      const { exit, out } = await register(root);
      expect(exit).to.equal(0);
      expect(out).to.contain(`registered ${topic}-payments-value version 2 `);
      expect(out.match(/^unchanged /gm)).to.have.length(2);
      const entry = (await lockOf(root)).events.get("shop.v1.Payment");
      expect(entry?.versions.map((one) => one.version)).to.deep.equal([1, 2]);
    });

    it("registers a changed import as its next version, and its parent with it", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      await register(root);
      await change(root, { [`${topic}/money.proto`]: money.replace("}", "  string note = 3;\n}") });
      const { exit, out } = await register(root);
      expect(exit).to.equal(0);
      expect(out).to.contain(`registered ${topic}/money.proto version 2 `);
      expect(out).to.contain(`registered ${topic}-orders-value version 2 `);
      const versions = (await lockOf(root)).events.get("shop.v1.Order")?.versions ?? [];
      expect(versions.map((one) => [one.version, one.references[0]?.version])).to.deep.equal([
        [1, 1],
        [2, 2],
      ]);
    });

    it("refuses what the registry would refuse, with its reasons, and changes nothing", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      await register(root);
      // Without a lock file only the registry knows what was there.
      await writeFile(join(root, "schemas.lock.json"), '{ "lockVersion": 1, "events": {} }');
      await change(root, shop(topic, { payment: [{ name: "note", type: "string" }] }));
      const { exit, out, note } = await register(root);
      expect(exit).to.equal(3);
      expect(out).to.match(
        new RegExp(
          `refused ${topic}-payments-value \\(shop.v1.Payment\\): the registry would not take it.\n  \\S`,
        ),
      );
      expect(note).to.contain("Nothing was registered.");
      expect(await admin.versions(`${topic}-payments-value`)).to.deep.equal([1]);
      const json = await register(root, "--json");
      expect(JSON.parse(json.out)).to.deep.include({ ok: false, lock: "same" });
      expect(JSON.parse(json.out).refusals[0]).to.deep.include({
        kind: "incompatible",
        name: "shop.v1.Payment",
      });
    });

    it("plans and leaves no trace in a dry run", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      const { exit, out, note } = await register(root, "--dry-run");
      expect(exit).to.equal(0);
      expect(out.split("\n")[0]).to.equal(`would register ${topic}/money.proto`);
      expect(note).to.contain("nothing was written");
      for (const subject of [`${topic}/money.proto`, `${topic}-orders-value`, `${topic}-payments-value`]) {
        expect(await admin.versions(subject)).to.deep.equal([]);
        expect(await admin.registry.subjectLevel(subject)).to.equal(undefined);
      }
      expect(await lockOf(root).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ENOENT");
    });

    it("answers what a check asks: versions, the level in force, and yes for a subject that is not there", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      await register(root);
      const string = { type: "AVRO", schema: '"string"', references: [] } as const;
      expect(await admin.compatibility(`${topic}-nothing`, string)).to.deep.equal({
        ...{ compatible: true, messages: [] },
      });
      expect((await admin.compatibility(`${topic}-payments-value`, string)).compatible).to.equal(false);
      expect(await admin.versions(`${topic}/money.proto`)).to.deep.equal([1]);
      expect(await admin.levelInForce(`${topic}/money.proto`)).to.deep.equal({
        level: "BACKWARD",
        from: "global",
      });
    });

    it("registers the named events alone", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      const { exit } = await register(root, "Payment");
      expect(exit).to.equal(0);
      expect(await admin.versions(`${topic}-orders-value`)).to.deep.equal([]);
      expect((await lockOf(root)).events.get("shop.v1.Order")?.versions).to.deep.equal([]);
    });

    it("reports a level that differs with both values, and leaves it", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      await admin.registry.setSubjectLevel(`${topic}-orders-value`, "FORWARD");
      const { exit, note } = await register(root);
      expect(exit).to.equal(0);
      expect(note).to.contain(`warning "${topic}-orders-value" declares FULL; the registry has FORWARD.`);
      expect((await admin.levelInForce(`${topic}-orders-value`)).level).to.equal("FORWARD");
    });

    it("goes on where an earlier run was cut off", async () => {
      const topic = uniqueName("shop");
      const root = await project(shop(topic));
      const { model } = await buildTree(shop(topic));
      const wire = model.events[0]?.wire.references[0];
      await admin.registry.register(`${topic}/money.proto`, {
        ...{ type: "PROTOBUF", schema: wire?.schema ?? "", references: [] },
      });
      await admin.registry.setSubjectLevel(`${topic}-orders-value`, "FULL");
      const { exit, out } = await register(root);
      expect(exit).to.equal(0);
      expect(out).to.match(/^unchanged .*money\.proto version 1/);
      expect(out).not.to.contain(`level set ${topic}-orders-value`);
      expect(out).to.contain(`registered ${topic}-orders-value version 1`);
    });

    it("tells a registry that does not answer apart from a no", async () => {
      const root = await project(shop(uniqueName("shop")));
      const { exit, note } = await runCommand(root, ["register"], {
        env: { KERYX__REGISTRY__URL: "http://127.0.0.1:1", KERYX__REGISTRY__RETRIES: "0" },
      });
      expect(exit).to.equal(1);
      expect(note).to.contain("[registry_unreachable]");
    });
  });
}
