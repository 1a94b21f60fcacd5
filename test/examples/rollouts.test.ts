import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type CheckedProject, createCheckedProject } from "../support/check-project.ts";
import { runCommand } from "../support/command.ts";

const folder = fileURLToPath(new URL("../../examples/ci/rollouts/", import.meta.url));

describe("a change in steps", () => {
  const levelOf: Readonly<Record<string, string>> = {
    "replace-a-field": "FULL_TRANSITIVE",
    "add-a-symbol": "FULL",
  };

  for (const [name, level] of Object.entries(levelOf))
    it(`${name} passes at every step at ${level}, and not in one leap`, async () => {
      const cwd = join(folder, name);
      const files = readdirSync(cwd).sort();
      expect(files).to.have.lengthOf(3);
      const ask = async (...versions: readonly string[]): Promise<number> =>
        (await runCommand(cwd, ["compat", ...versions, "--level", level])).exit;
      for (const count of [2, 3]) expect(await ask(...files.slice(0, count))).to.equal(0);
      if (name === "add-a-symbol") expect(await ask(files[0] ?? "", files[2] ?? "")).to.equal(3);
    });
});

describe("a change that breaks, made as the guide says", function () {
  this.timeout(60_000);
  const old = "schemas/shop/v1/order_placed.proto";
  const next = "schemas/shop/v1/order_accepted.proto";
  let shop: CheckedProject;
  let text: string;

  before(async () => {
    shop = await createCheckedProject({});
    await shop.write({ "keryx.yaml": undefined, schemas: undefined });
    for (const args of [["init", "--project", shop.root], ["generate"], ["lock", "release"]])
      expect((await shop.run(...args)).exit).to.equal(0);
    text = readFileSync(join(shop.root, old), "utf8");
    shop.commit();
  });

  /** Green in every way that CI asks; `--strict`: without so much as a warning. */
  const expectGreen = async (): Promise<void> => {
    for (const against of ["lock", "git:main"]) {
      const { exit, findings } = await shop.check({ against, strict: true });
      expect([exit, findings]).to.deep.equal([0, []]);
    }
  };

  it("is refused in place", async () => {
    await shop.write({ [old]: text.replace('key: "order_id"', 'key: "event_id"') });
    expect((await shop.check()).exit).to.equal(3);
    await shop.write({ [old]: text });
  });

  it("passes as a new event on a topic of its own, beside the old one", async () => {
    const accepted = text
      .replace("message OrderPlaced", "message OrderAccepted")
      .replace('type: "order.placed"', 'type: "order.accepted"')
      .replace('topic: "shop-orders"', 'topic: "shop-accepted-orders"')
      .replace('key: "order_id"', 'key: "event_id"');
    const deprecated = text.replace(
      "message OrderPlaced {\n",
      "message OrderPlaced {\n  option deprecated = true;\n",
    );
    await shop.write({ [next]: accepted, [old]: deprecated });
    await expectGreen();
    expect((await shop.run("lint")).exit).to.equal(0);
    for (const args of [["generate"], ["lock", "release"]])
      expect((await shop.run(...args)).exit).to.equal(0);
    shop.commit("a new event");
    await expectGreen();
  });

  it("keeps the old event until somebody says that it is gone on purpose", async () => {
    await shop.write({ [old]: undefined });
    for (const against of ["lock", "git:main"]) {
      const { exit, findings } = await shop.check({ against });
      expect([exit, findings.map(({ rule }) => rule).includes("event-removed")]).to.deep.equal([3, true]);
    }
    const settings = readFileSync(join(shop.root, "keryx.yaml"), "utf8");
    await shop.write({
      "keryx.yaml": `${settings}retired:\n  shop.v1.OrderPlaced: "2026-11: replaced by OrderAccepted; the topic is empty"\n`,
    });
    await expectGreen();
  });

  it("goes on with the old event retired: code, lock file and later checks agree", async () => {
    expect((await shop.run("generate")).exit).to.equal(0);
    expect((await shop.run("generate", "--check")).exit).to.equal(0);
    expect((await shop.run("lock", "release")).exit).to.equal(0);
    await expectGreen();
    shop.commit("the old event is retired");
    await expectGreen();
    expect(readFileSync(join(shop.root, "schemas.lock.json"), "utf8")).to.include('"shop.v1.OrderPlaced"');
  });
});
