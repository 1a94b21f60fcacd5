import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { runCommand } from "../../../../support/command.ts";
import {
  lockName,
  money,
  optional,
  payment,
  paymentWire,
  protoHead,
  registering,
  releasedOf,
} from "../../../../support/registering.ts";
import { createSmallRegistry } from "../../../../support/small-registry.ts";

describe("keryx register on a subject with a history that the lock file does not know", function () {
  this.timeout(60_000);
  const at = registering();
  const { project, register, post } = at;
  const seen = async (root: string, event = "s.v1.Payment") =>
    (await releasedOf(root, event)).map(({ version, schema }) => [version, /"(x|y|z)"/.exec(schema)?.[1]]);

  it("writes down the whole of it, so that transitive levels can be decided offline", async () => {
    post("payments-value", { schema: paymentWire(optional("x")) });
    post("payments-value", { schema: paymentWire(optional("y")) });
    const root = await project({ "schemas/s/v1/payment.avsc": payment(optional("z")) });
    expect((await register(root, ["Payment"])).exit).to.equal(0);
    expect(await seen(root)).to.deep.equal([
      [1, "x"],
      [2, "y"],
      [3, "z"],
    ]);
    const text = await readFile(join(root, lockName), "utf8");
    expect((await register(root, ["Payment"])).note).to.contain("Everything was registered already.\n");
    expect(await readFile(join(root, lockName), "utf8")).to.equal(text);
  });

  it("keeps the registry's order where the schemas are behind it", async () => {
    for (const field of ["x", "y", "z"]) post("payments-value", { schema: paymentWire(optional(field)) });
    const root = await project({ "schemas/s/v1/payment.avsc": payment(optional("y")) });
    expect((await register(root, ["Payment"])).exit).to.equal(0);
    expect(await seen(root)).to.deep.equal([
      [1, "x"],
      [2, "y"],
      [3, "z"],
    ]);
  });

  it("gives numbers to versions that were released without a registry", async () => {
    const root = await project();
    for (const [at, field] of ["x", "y", "z"].entries()) {
      await writeFile(join(root, "schemas/s/v1/payment.avsc"), payment(optional(field)));
      if (at < 2) expect((await runCommand(root, ["lock", "release"])).exit).to.equal(0);
      if (at < 2) post("payments-value", { schema: paymentWire(optional(field)) });
    }
    expect((await register(root)).exit).to.equal(0);
    expect(await seen(root)).to.deep.equal([
      [1, "x"],
      [2, "y"],
      [3, "z"],
    ]);
    expect((await releasedOf(root, "s.v1.Payment"))[0]).to.have.property("id");
  });

  it("brings imports with their versions, and where the text has the message", async () => {
    post("s/v1/money.proto", { schema: money, schemaType: "PROTOBUF" });
    post("orders-value", {
      schema: `${protoHead}import "s/v1/money.proto";\nmessage First {}\nmessage Order {\n  Money price = 2;\n}\n`,
      schemaType: "PROTOBUF",
      references: [{ name: "s/v1/money.proto", subject: "s/v1/money.proto", version: 1 }],
    });
    const root = await project();
    expect((await register(root, ["Order"])).exit).to.equal(0);
    const [old, own] = await releasedOf(root, "s.v1.Order");
    expect(old).to.deep.include({ version: 1, index: [1] });
    expect(own).to.deep.include({ version: 2, index: [0] });
    for (const one of [old, own])
      expect(one?.references).to.deep.equal([
        {
          name: "s/v1/money.proto",
          subject: "s/v1/money.proto",
          version: 1,
          schema: money,
          references: [],
        },
      ]);
  });

  const unreadable: Readonly<Record<string, object>> = {
    "is of a type that Keryx does not know": { schema: "{}", schemaType: "JSON" },
    "refers to itself": {
      schema: paymentWire(optional("x")),
      references: [{ name: "r", subject: "payments-value", version: 1 }],
    },
    "refers to what is gone": { schema: "{}", references: [{ name: "r", subject: "gone", version: 1 }] },
  };
  for (const [what, body] of Object.entries(unreadable))
    it(`registers all the same, and says what is missing, when an earlier version ${what}`, async () => {
      post("payments-value", body);
      const root = await project();
      const { exit, note: said } = await register(root, ["Payment"]);
      expect(exit).to.equal(0);
      expect(said).to.contain('warning Earlier versions of "payments-value" are not in schemas.lock.json');
      expect((await releasedOf(root, "s.v1.Payment")).map(({ version }) => version)).to.deep.equal([2]);
    });

  it("takes nothing from a registry other than the one whose versions are locked", async () => {
    const root = await project();
    await register(root, ["Payment"]);
    const second = createSmallRegistry();
    at.registry = second;
    post("payments-value", { schema: "filler" });
    post("payments-value", { schema: paymentWire(optional("y")) });
    post("payments-value", { schema: paymentWire() });
    const before = await readFile(join(root, lockName), "utf8");
    const { exit, note: said } = await register(root, ["Payment"]);
    expect(exit).to.equal(0);
    expect(said).to.contain("Ids of one registry mean nothing in another");
    expect(await readFile(join(root, lockName), "utf8")).to.equal(before);
  });

  it("takes none of its versions either when the schemas are new to it", async () => {
    const root = await project();
    await register(root, ["Payment"]);
    at.registry = createSmallRegistry();
    for (const schema of ["filler", paymentWire(optional("y"))]) post("payments-value", { schema });
    // The first version there has the same number, and is another schema with another id.
    at.registry.subjects.set(
      "payments-value",
      (at.registry.subjects.get("payments-value") ?? []).map((one) => ({ ...one, id: one.id + 40 })),
    );
    await writeFile(join(root, "schemas/s/v1/payment.avsc"), payment(optional("x")));
    const { exit, note } = await register(root, ["Payment"]);
    expect(exit).to.equal(0);
    expect(note).to.contain("version 1 there is another schema");
    expect(await seen(root)).to.deep.equal([
      [1, undefined],
      [3, "x"],
    ]);
  });
});
