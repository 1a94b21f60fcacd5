import { expect } from "chai";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { type CheckedProject, createCheckedProject } from "../support/check-project.ts";

const paid = (type: string): string =>
  JSON.stringify({
    ...{ type: "record", name: "Paid", namespace: "pay.v1", keryx: { topic: "payments" } },
    fields: [{ name: "amount", type }],
  });
const wire = (type: string): string =>
  JSON.stringify({
    type: "record",
    name: "Paid",
    namespace: "pay.v1",
    fields: [{ name: "amount", type }],
  });

describe("keryx check against a registry with settings of its own for a subject", () => {
  let registry: DevRegistry;
  let project: CheckedProject;
  beforeEach(async () => {
    registry = await createDevRegistry({ log: () => {} });
    project = await createCheckedProject({
      "keryx.yaml": `registry:\n  url: ${registry.url}\n  retries: 0\n`,
      "schemas/paid.avsc": paid("int"),
    });
    const { exit, note } = await project.run("register");
    expect(exit, note).to.equal(0);
  });
  afterEach(() => registry.close());

  const ask = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await fetch(`${registry.url}${path}`, {
      method,
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).to.equal(200);
  };
  const rules = async (): Promise<readonly string[]> =>
    (await project.check({ against: `registry:${registry.url}` })).findings.map(
      ({ rule, severity, subject }) => `${severity} ${rule} ${subject}`,
    );

  it("compares with the versions of no group alone where the registry parts them into groups", async () => {
    await ask("PUT", "/config/payments-value", { compatibilityGroup: "major", compatibility: "BACKWARD" });
    // Incompatible with version 1, and of another group than it.
    const metadata = { properties: { major: "2" } };
    await ask("POST", "/subjects/payments-value/versions", { schema: wire("string"), metadata });
    await project.write({ "schemas/paid.avsc": paid("long") });
    expect(await rules(), "an int is read as a long").to.deep.equal([]);
    await project.write({ "schemas/paid.avsc": paid("bytes") });
    const found = await rules();
    expect(found, "a string alone is read as bytes").to.include("error registry-incompatible payments-value");
    expect(found.some((rule) => rule.includes("registry-disagrees"))).to.equal(false);
  });

  it("compares with every version where there are no groups", async () => {
    await ask("PUT", "/config/payments-value", { compatibility: "NONE" });
    await ask("POST", "/subjects/payments-value/versions", { schema: wire("string") });
    await ask("PUT", "/config/payments-value", { compatibility: "BACKWARD" });
    expect(await rules()).to.include("error registry-incompatible payments-value");
  });

  it("says that the registry checks more than it does where the policy is LOGICAL", async () => {
    await ask("PUT", "/config/payments-value", {
      compatibilityPolicy: "LOGICAL",
      compatibility: "BACKWARD",
    });
    expect(await rules()).to.deep.equal(["warning rules-not-covered payments-value"]);
  });
});
