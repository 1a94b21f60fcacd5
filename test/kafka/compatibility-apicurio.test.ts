import { readFileSync } from "node:fs";
import { expect } from "chai";
import { findDialect } from "../../src/compatibility/dialects.ts";
import { checkCompatibility } from "../../src/compatibility/engine.ts";
import { parseSchema } from "../../src/compatibility/parse.ts";
import { createRegistryAdmin, type RegistryAdmin } from "../../src/registry/admin.ts";
import { type SchemaChange, schemaChanges } from "../support/registry-changes.ts";
import { type RegistryServer, requireOwnServers, startRegistry, uniqueName } from "../support/servers.ts";

const levels = ["BACKWARD", "FORWARD"] as const;
const cells = { BACKWARD: 1, FORWARD: 2 };
const page = readFileSync(new URL("../../docs/reference/compatibility-apicurio.md", import.meta.url), "utf8");

/** Rows of the page's table by change, the head and the line below it left out. */
const rows = new Map(
  page
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, change = "", ...rest]) => [change, ["", ...rest]]),
);

describe("Beside Apicurio 3.0.9, the compatibility engine", () => {
  let server: RegistryServer;
  let admin: RegistryAdmin;
  before(async function () {
    await requireOwnServers(this);
    server = await startRegistry();
    admin = createRegistryAdmin({ url: server.url, retries: 0 }, () => {});
  });
  after(async () => {
    await admin?.close();
    await server?.close();
  });

  async function ask({ type, older, newer }: SchemaChange, level: "BACKWARD" | "FORWARD"): Promise<string> {
    const subject = uniqueName("change");
    await admin.registry.register(subject, { type, schema: older, references: [] });
    await admin.registry.setSubjectLevel(subject, level);
    const theirs = await admin.compatibility(subject, { type, schema: newer, references: [] });
    const ours = checkCompatibility({
      history: [{ schema: parseSchema({ type, text: older }) }],
      schema: parseSchema({ type, text: newer }),
      level,
      dialect: findDialect("confluent-head")!,
    });
    if (theirs.compatible === ours.registry.compatible) return "";
    return theirs.compatible ? "Apicurio ok" : "Apicurio no";
  }

  for (const change of schemaChanges)
    for (const level of levels)
      it(`answers alike, or as the page says it differs, at ${level}: ${change.name}`, async () => {
        const said = rows.get(change.name)?.[cells[level]] ?? "";
        expect(await ask(change, level)).to.equal(said);
      });

  it("differs in no change that the page names and nobody asked about", () => {
    const asked = new Set(schemaChanges.map(({ name }) => name));
    expect([...rows.keys()].filter((name) => !asked.has(name))).to.deep.equal([]);
    for (const type of ["AVRO", "PROTOBUF"] as const) {
      const count = schemaChanges.filter((change) => change.type === type).length;
      expect(page).to.include(type === "AVRO" ? `to ${count} changes` : `${count} were asked`);
    }
  });
});
