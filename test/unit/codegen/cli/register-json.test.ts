import { expect } from "chai";
import { runCommand } from "../../../support/command.ts";
import { readLockFile, registering, releasedOf } from "../../../support/registering.ts";
import { writeTree } from "../../../support/schema-tree.ts";

const schema = (fields: string): string =>
  `{ "type": "record", "name": "s.v1.Paid", "keryx": { "topic": "paid", "serialization": "JSON" }, "fields": [${fields}] }`;
const key = '{ "name": "k", "type": "string" }';

describe("keryx register, for events that are written as JSON", function () {
  this.timeout(60_000);
  const at = registering();
  // Nothing listens there.
  const unreachable = { KERYX__REGISTRY__URL: "http://127.0.0.1:1", KERYX__REGISTRY__RETRIES: "0" };

  it("asks no registry, keeps the schema in the lock file, and the next check has it to compare with", async () => {
    const root = await writeTree({ "schemas/paid.avsc": schema(key) });
    const first = await at.register(root, [], unreachable);
    expect([first.exit, first.out]).to.deep.equal([0, ""]);
    expect(first.note).to.include("s.v1.Paid is written as JSON, which needs no registry");
    expect(await releasedOf(root, "s.v1.Paid")).to.have.length(1);
    expect((await readLockFile(root)).events.get("s.v1.Paid")?.released?.policy.serialization).to.equal(
      "JSON",
    );
    const json = await at.register(root, ["--json"], unreachable);
    expect(JSON.parse(json.out)).to.deep.include({
      ok: true,
      steps: [],
      unregistered: ["s.v1.Paid"],
      lock: "same",
    });
    expect((await runCommand(root, ["check"])).exit).to.equal(0);
    expect(at.server.seen).to.deep.equal([]);
  });

  it("registers the others as ever", async () => {
    const root = await at.project({ "schemas/paid.avsc": schema(key) });
    expect((await at.register(root)).exit).to.equal(0);
    expect(at.writes().join()).to.not.include("paid");
    expect(at.writes()).to.include("POST /subjects/orders-value/versions");
    expect(await releasedOf(root, "s.v1.Paid")).to.have.length(1);
  });

  it("shows in an explanation that nothing is registered", async () => {
    const root = await writeTree({ "schemas/paid.avsc": schema(key) });
    const { out } = await runCommand(root, ["explain", "Paid"]);
    expect(out).to.match(/^serialization +JSON +schemas\/paid\.avsc:1:\d+$/m);
    expect(out).to.match(/^subject +- +default: JSON: nothing is registered$/m);
  });
});
