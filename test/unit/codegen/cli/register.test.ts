import { writeFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Reply, SeenRequest } from "../../../support/fault-server.ts";
import {
  lockName,
  money,
  optional,
  order,
  payment,
  protoHead,
  readLockFile,
  registering,
  releasedOf,
} from "../../../support/registering.ts";
import { writeTree } from "../../../support/schema-tree.ts";
import { createSmallRegistry } from "../../../support/small-registry.ts";

describe("keryx register", function () {
  this.timeout(60_000);
  const at = registering();
  const { project, register, writes } = at;
  const versionsOf = async (root: string, event: string): Promise<readonly (number | undefined)[]> =>
    (await releasedOf(root, event)).map(({ version }) => version);

  it("sets levels before first versions and registers imports before their parents", async () => {
    const { exit } = await register(await project());
    expect(exit).to.equal(0);
    expect(writes()).to.deep.equal([
      "POST /subjects/s/v1/money.proto/versions",
      "PUT /config/orders-value",
      "POST /subjects/orders-value/versions",
      "PUT /config/payments-value",
      "POST /subjects/payments-value/versions",
    ]);
    expect([...at.registry.levels]).to.deep.equal([
      ["orders-value", "BACKWARD"],
      ["payments-value", "FULL"],
    ]);
  });

  it("registers imports of imports first, each once", async () => {
    const note = `${protoHead}message Note {\n  string text = 1;\n}\n`;
    const root = await project({
      "schemas/s/v1/note.proto": note,
      "schemas/s/v1/money.proto": money
        .replace("message", 'import "s/v1/note.proto";\nmessage')
        .replace("}", "  Note note = 2;\n}"),
      "schemas/s/v1/order.proto": order("  Note note = 3;\n").replace(
        'import "s/v1/money',
        'import "s/v1/note.proto";\nimport "s/v1/money',
      ),
    });
    expect((await register(root, ["Order"])).exit).to.equal(0);
    expect(writes()).to.deep.equal([
      "POST /subjects/s/v1/note.proto/versions",
      "POST /subjects/s/v1/money.proto/versions",
      "PUT /config/orders-value",
      "POST /subjects/orders-value/versions",
    ]);
    const [version] = await releasedOf(root, "s.v1.Order");
    expect(version?.references.map((one) => [one.name, one.version])).to.deep.equal([
      ["s/v1/note.proto", 1],
      ["s/v1/money.proto", 1],
    ]);
    expect(version?.references[1]?.references[0]).to.include({ name: "s/v1/note.proto", version: 1 });
  });

  it("looks up with the references and the setting that it registers with", async () => {
    const root = await project();
    await register(root);
    const sent = at.server.seen.length;
    await register(root);
    const asked = at.server.seen.slice(sent).filter(({ method }) => method === "POST");
    expect(asked.map(({ path }) => path)).to.deep.equal([
      "/subjects/s%2Fv1%2Fmoney.proto?normalize=true",
      "/subjects/orders-value?normalize=true",
      "/subjects/payments-value?normalize=true",
    ]);
    expect(asked[1]?.body).to.deep.include({
      references: [{ name: "s/v1/money.proto", subject: "s/v1/money.proto", version: 1 }],
    });
    expect(JSON.stringify(asked[1]?.body)).not.to.contain("keryx");
  });

  it("writes nothing anywhere the second time, and says so", async () => {
    const root = await project();
    await register(root);
    const [before, count] = [await readFile(join(root, lockName), "utf8"), writes().length];
    const { exit, out, note: said } = await register(root);
    expect([exit, said]).to.deep.equal([0, "Everything was registered already.\n"]);
    expect(out).to.equal(
      "unchanged s/v1/money.proto version 1 id 1\nunchanged orders-value version 1 id 2 (s.v1.Order)\nunchanged payments-value version 1 id 3 (s.v1.Payment)\n",
    );
    expect(writes()).to.have.length(count);
    expect(await readFile(join(root, lockName), "utf8")).to.equal(before);
  });

  it("writes into a lock file that does not know it what is registered already", async () => {
    const root = await project();
    await register(root);
    await writeFile(join(root, lockName), '{ "lockVersion": 1, "events": {} }');
    const { exit, note: said } = await register(root);
    expect([exit, said]).to.deep.equal([
      0,
      "Everything was registered already; schemas.lock.json knows it now.\n",
    ]);
    expect(await versionsOf(root, "s.v1.Order")).to.deep.equal([1]);
  });

  /** Fails where a request is as described, from now on. */
  const failAt = (isIt: (request: SeenRequest) => boolean, failure: Reply): void =>
    at.server.answer((request) => (isIt(request) ? failure : at.registry.reply(request)));
  const registers =
    (subject: string) =>
    ({ method, path }: SeenRequest): boolean =>
      method === "POST" && path.startsWith(`/subjects/${subject}/versions`);

  for (const [failure, exitCode, code] of [
    [{ status: 409, body: { error_code: 409, message: "changed meanwhile" } }, 3, "schema_incompatible"],
    [{ status: 503 }, 1, "registry_unreachable"],
    ["drop", 1, "registry_unreachable"],
    [{ status: 403, body: { error_code: 40301, message: "read only" } }, 1, "registry_unauthorized"],
  ] as const satisfies readonly (readonly [Reply, number, string])[])
    it(`says what was done and what was not when the middle fails with ${JSON.stringify(failure)}, and goes on later`, async () => {
      const root = await project();
      failAt(registers("orders-value"), failure);
      const { exit, out, note: said } = await register(root);
      expect(exit).to.equal(exitCode);
      expect(out).to.equal(
        "registered s/v1/money.proto version 1 id 1\nlevel set orders-value BACKWARD\nfailed orders-value (s.v1.Order)\nleft payments-value FULL\nleft payments-value (s.v1.Payment)\n",
      );
      expect(said).to.contain(`error [${code}]`).and.to.contain("Run `keryx register` again");
      at.server.answer(at.registry.reply);
      const again = await register(root);
      expect(again.exit).to.equal(0);
      expect(again.out).to.match(/^unchanged s\/v1\/money\.proto version 1/);
      expect(again.out).not.to.contain("level set orders-value");
      expect(await versionsOf(root, "s.v1.Order")).to.deep.equal([1]);
    });

  it("writes down what succeeded when a later one fails", async () => {
    const root = await project();
    failAt(registers("payments-value"), "drop");
    const { exit, out } = await register(root, ["--json"]);
    expect(exit).to.equal(1);
    const report = JSON.parse(out);
    expect(report).to.deep.include({ ok: false, dryRun: false, lock: "written" });
    expect(report.error.code).to.equal("registry_unreachable");
    expect(report.steps.at(-1)).to.deep.equal({
      ...{ kind: "register", state: "failed", subject: "payments-value", name: "s.v1.Payment" },
    });
    expect(await versionsOf(root, "s.v1.Order")).to.deep.equal([1]);
    expect(await versionsOf(root, "s.v1.Payment")).to.deep.equal([]);
  });

  it("says that all is registered when only the lock file cannot be written, and writes it later", async () => {
    const root = await project();
    const spoil = (request: SeenRequest): Reply => {
      // Somebody's merge stops while we register.
      if (request.method === "PUT") writeFileSync(join(root, lockName), "<<<<<<< HEAD\n");
      return at.registry.reply(request);
    };
    at.server.answer(spoil);
    const { exit, out, note } = await register(root);
    expect(exit).to.equal(1);
    expect(out).to.contain("registered payments-value version 1");
    expect(note).to.contain("[generate_failed]").and.to.contain("schemas.lock.json was not written");
    await rm(join(root, lockName));
    expect((await register(root)).note).to.contain("schemas.lock.json knows it now");
  });

  it("warns before it registers, not afterwards", async () => {
    at.registry.levels.set("orders-value", "NONE");
    const root = await project();
    failAt(registers("orders-value"), "drop");
    const { note } = await register(root);
    expect(note.indexOf("warning")).to.be.within(0, note.indexOf("error ["));
  });

  it("has nothing to do in a project without events", async () => {
    const root = await writeTree({ "schemas/s.proto": protoHead });
    const { exit, out, note } = await register(root);
    expect([exit, out, note.trim().split("\n").at(-1)]).to.deep.equal([
      0,
      "",
      "There is no event to register.",
    ]);
  });

  it("refuses, before anything is registered, what the registry would not take, with its reasons", async () => {
    const root = await project();
    await register(root);
    const count = writes().length;
    await writeFile(join(root, "schemas/s/v1/payment.avsc"), payment(optional("note")));
    await writeFile(join(root, "schemas/s/v1/order.proto"), order("  string more = 3;\n"));
    at.registry.refusing.add("payments-value");
    for (const flags of [[], ["--dry-run"]]) {
      const { exit, out, note: said } = await register(root, flags);
      expect(exit).to.equal(3);
      expect(out).to.contain("left orders-value (s.v1.Order)\n");
      expect(out).to.contain(
        "refused payments-value (s.v1.Payment): the registry would not take it.\n  READER_FIELD_MISSING_DEFAULT_VALUE\n",
      );
      expect(said).to.equal("Nothing was registered.\n");
    }
    expect(writes()).to.have.length(count);
  });

  it("asks about a parent as soon as its changed import is registered", async () => {
    const root = await project();
    await register(root);
    await writeFile(join(root, "schemas/s/v1/money.proto"), money.replace("}", "  string note = 2;\n}"));
    at.registry.refusing.add("orders-value");
    const { exit, out, note: said } = await register(root);
    expect(exit).to.equal(3);
    expect(out).to.contain("registered s/v1/money.proto version 2").and.to.contain("failed orders-value");
    expect(said).to.contain("[schema_incompatible]").and.to.contain("READER_FIELD_MISSING_DEFAULT_VALUE");
    expect(await versionsOf(root, "s.v1.Order")).to.deep.equal([1]);
  });

  it("refuses what keryx check refuses, and asks the registry nothing", async () => {
    const root = await project();
    await register(root);
    const count = at.server.seen.length;
    await writeFile(join(root, "schemas/s/v1/payment.avsc"), payment({ name: "note", type: "string" }));
    const { exit, out, note: said } = await register(root);
    expect([exit, out]).to.deep.equal([3, ""]);
    expect(said).to.contain("payment.avsc").and.to.contain("Nothing was registered.");
    expect(at.server.seen).to.have.length(count);
  });

  it("reports a level that differs with both values, and never writes over it", async () => {
    at.registry.levels.set("orders-value", "NONE");
    const root = await project();
    const { exit, note: said } = await register(root);
    expect(exit).to.equal(0);
    expect(said).to.contain('warning "orders-value" declares BACKWARD; the registry has NONE.');
    expect(at.registry.levels.get("orders-value")).to.equal("NONE");
    at.registry.levels.delete("payments-value");
    const later = await register(root);
    expect(later.note).to.contain('"payments-value" declares FULL').and.to.contain("BACKWARD is in force");
    expect(at.registry.levels.has("payments-value")).to.equal(false);
  });

  it("warns of an import that moved on without this project", async () => {
    const root = await project();
    const other = await project({ "schemas/s/v1/money.proto": money.replace("}", "  string other = 9;\n}") });
    await register(other);
    const ahead = await register(root);
    expect(ahead.note).to.contain('"s/v1/money.proto" gets a version on top of version 1');
    const behind = await register(other);
    expect(behind.note).to.contain('"s/v1/money.proto" is version 1 here; the registry has version 2.');
    expect(behind.exit).to.equal(0);
  });

  it("leaves ids in the lock file that another registry gave, and says so", async () => {
    const root = await project();
    await register(root);
    const before = await readFile(join(root, lockName), "utf8");
    const other = createSmallRegistry();
    other.subjects.set("filler", [{ id: 1, version: 1, text: "x" }]);
    other.reply({ method: "POST", path: "/subjects/filler/versions", headers: {}, body: { schema: "y" } });
    at.server.answer(other.reply);
    const { exit, note: said } = await register(root);
    expect(exit).to.equal(0);
    expect(said).to.contain(
      "schemas.lock.json has s.v1.Order as version 1, id 2; this registry has version 1, id 3.",
    );
    expect(await readFile(join(root, lockName), "utf8")).to.equal(before);
  });

  it("does as one when two run at once: one version of each, one whole lock file", async () => {
    const root = await project();
    const answers = await Promise.all([register(root), register(root), register(root)]);
    expect(answers.map(({ exit }) => exit)).to.deep.equal([0, 0, 0]);
    expect([...at.registry.subjects].map(([, versions]) => versions.length)).to.deep.equal([1, 1, 1]);
    expect(await versionsOf(root, "s.v1.Order")).to.deep.equal([1]);
    expect(await versionsOf(root, "s.v1.Payment")).to.deep.equal([1]);
  });

  it("loses nothing of what another run registers meanwhile", async () => {
    const root = await project();
    await Promise.all([register(root, ["Order"]), register(root, ["Payment"])]);
    expect(await versionsOf(root, "s.v1.Order")).to.deep.equal([1]);
    expect(await versionsOf(root, "s.v1.Payment")).to.deep.equal([1]);
  });

  it("writes nothing anywhere in a dry run", async () => {
    const root = await project();
    const { exit, out, note: said } = await register(root, ["--dry-run"]);
    expect(exit).to.equal(0);
    expect(out).to.equal(
      "would register s/v1/money.proto\nwould set level orders-value BACKWARD\nwould register orders-value (s.v1.Order)\nwould set level payments-value FULL\nwould register payments-value (s.v1.Payment)\n",
    );
    expect(said).to.equal("This was a dry run: nothing was written.\n");
    expect(writes()).to.deep.equal([]);
    expect(await readLockFile(root).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ENOENT");
  });

  it("shows no credential, whatever the registry echoes", async () => {
    at.server.answer(({ headers }) => ({
      status: 401,
      body: { message: `no: ${headers.authorization} pw-77 bob` },
    }));
    const root = await project();
    const env = {
      KERYX__REGISTRY__AUTH__KIND: "basic",
      KERYX__REGISTRY__AUTH__USERNAME: "bob",
      KERYX__REGISTRY__AUTH__PASSWORD: "pw-77",
    };
    for (const flags of [[], ["--json"]]) {
      const { exit, out, note: said } = await register(root, flags, env);
      expect(exit).to.equal(1);
      expect(out + said).to.contain("registry_unauthorized");
      expect(out + said).not.to.contain("pw-77");
      expect(out + said).not.to.contain(Buffer.from("bob:pw-77").toString("base64"));
    }
  });

  it("tells that it tries again while the registry does not answer", async () => {
    at.server.answer({ status: 503 });
    const env = { KERYX__REGISTRY__RETRIES: "1", KERYX__REGISTRY__RETRYBASEMS: "1" };
    const { exit, note: said } = await register(await project(), [], env);
    expect(exit).to.equal(1);
    expect(said).to.contain("(503); trying again.").and.to.contain("[registry_unreachable]");
  });

  it("names an event that does not exist", async () => {
    const { exit, note: said } = await register(await project(), ["Oder"]);
    expect(exit).to.equal(2);
    expect(said).to.contain("Order");
    expect(at.server.seen).to.have.length(0);
  });
});
