import { expect } from "chai";
import type { Context } from "mocha";
import { type CheckedProject, createCheckedProject } from "../support/check-project.ts";
import { type RegistryAt, uniqueName } from "../support/servers.ts";

const order = (topic: string, fields: string): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
message OrderPlaced {
  option (keryx.v1.event) = { topic: "${topic}" compatibility: BACKWARD_TRANSITIVE };
${fields}
}
`;
const payment = (topic: string, fields: readonly object[]): string =>
  JSON.stringify({
    ...{
      type: "record",
      name: "Paid",
      namespace: "pay.v1",
      keryx: { topic, compatibility: "BACKWARD_TRANSITIVE" },
    },
    fields: [{ name: "id", type: "string" }, ...fields],
  });

/** What holds on any registry; `start` starts one, or skips. */
export function describeCheckRegistry(
  start: (test: Context) => Promise<RegistryAt>,
  { isApicurio }: { readonly isApicurio: boolean },
): void {
  describe("keryx check against a real registry", function () {
    this.timeout(120_000);
    let server: RegistryAt;
    let project: CheckedProject;
    const orders = uniqueName("orders");
    const payments = uniqueName("payments");
    const two = "  string id = 1;\n  int64 total = 2;";
    const files = {
      "schemas/order.proto": order(orders, two),
      "schemas/paid.avsc": payment(payments, [{ name: "amount", type: "int" }]),
    };
    before(async function () {
      server = await start(this);
      project = await createCheckedProject({
        ...files,
        "keryx.yaml": `registry:\n  url: ${server.url}\n  retries: 0\n`,
      });
      const { exit, note } = await project.run("register");
      expect(exit, note).to.equal(0);
    });
    afterEach(() => project?.write(files));
    after(() => server?.close());

    const check = (): ReturnType<CheckedProject["check"]> =>
      project.check({ against: `registry:${server.url}` });

    it("says yes to what is registered", async () => {
      const { exit, findings } = await check();
      expect([exit, findings]).to.deep.equal([0, []]);
    });

    it("agrees with it on a field with a default in Avro, and on one without", async () => {
      await project.write({
        "schemas/paid.avsc": payment(payments, [
          { name: "amount", type: "int" },
          { name: "note", type: "string", default: "" },
        ]),
      });
      expect((await check()).findings).to.deep.equal([]);
      await project.write({
        "schemas/paid.avsc": payment(payments, [
          { name: "amount", type: "int" },
          { name: "note", type: "string" },
        ]),
      });
      const { exit, findings } = await check();
      expect(exit).to.equal(3);
      expect(findings.map(({ rule, kind }) => [rule, kind])).to.deep.include([
        "registry-incompatible",
        "READER_FIELD_MISSING_DEFAULT_VALUE",
      ]);
      expect(findings.some(({ rule }) => rule === "registry-disagrees")).to.equal(false);
    });

    it("reads its whole history: a name that comes back with another type fails on the version before the last", async () => {
      await project.write({ "schemas/paid.avsc": payment(payments, []) });
      const { exit, note } = await project.run("register");
      expect(exit, note).to.equal(0);
      const amount = { name: "amount", type: "string", default: "" };
      await project.write({ "schemas/paid.avsc": payment(payments, [amount]) });
      const answer = await check();
      expect(answer.exit).to.equal(3);
      const refused = answer.findings.filter(({ rule }) => rule.startsWith("registry-"));
      expect(refused.map(({ rule, against, kind }) => [rule, against, kind])).to.deep.equal([
        ["registry-incompatible", 1, "TYPE_MISMATCH"],
      ]);
    });

    // Apicurio refuses a removed field whose number is not reserved; Confluent's registry takes it.
    if (!isApicurio) return;
    it("says so where that registry's rules are not those of the dialect", async () => {
      await project.write({ "schemas/order.proto": order(orders, "  string name = 1;\n  reserved 2;") });
      const { exit, findings } = await check();
      expect(exit).to.equal(3);
      const found = findings.find(({ rule }) => rule === "registry-disagrees");
      expect(found).to.deep.include({ severity: "error", dialect: "confluent-8" });
      expect(found?.message).to.include("refuses").and.include("confluent-8");
    });
  });
}
