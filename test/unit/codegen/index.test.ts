import { join } from "node:path";
import { expect } from "chai";
import { loadModel, type Project } from "../../../codegen/index.ts";
import { packagedOptions } from "../../../codegen/load/options.ts";
import { placesOf, writeTree } from "../../support/schema-tree.ts";

const open = (root: string, schemas = "schemas"): Project => ({ root, schemas, settings: {} });
const avro = (options: object): string =>
  JSON.stringify({ type: "record", name: "A", keryx: options, fields: [] });

describe("the generator's steps", () => {
  it("find nothing wrong with the sample schemas, and all events that the product names", async () => {
    const { model, diagnostics } = await loadModel(open(join(import.meta.dirname, "../../..")));
    expect(diagnostics).to.deep.equal([]);
    expect(
      model.events.map((event) => `${event.options.type.value} on ${event.options.topic.value}`).sort(),
    ).to.deep.equal([
      "api.error on error-events",
      "api.request on api-events",
      "order.cancelled on order-events",
      "order.placed on order-events",
      "payment.captured on payment-events",
      "payment.failed on payment-events",
      "system.alert on system-events",
      "user.logged_in on user-events",
      "user.logged_out on user-events",
      "user.registered on user-events",
      "user.token_refreshed on auth-events",
    ]);
    for (const event of model.events) expect(event.doc, event.name).to.be.a("string");
    expect(model.protobuf?.files.map((one) => one.proto.name)).not.to.include("keryx/v1/options.proto");
  });

  it("stop at the first step that finds an error", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro({ key: "nope" }), "schemas/b.avsc": "{" });
    expect(placesOf((await loadModel(open(root))).diagnostics)).to.deep.equal(["schema-syntax b.avsc:1:2"]);
    const later = await writeTree({ "schemas/a.avsc": avro({ topic: "t t", key: "nope" }) });
    expect((await loadModel(open(later))).diagnostics.map((one) => one.rule)).to.deep.equal([
      "key-path-missing",
    ]);
    const last = await writeTree({ "schemas/a.avsc": avro({ topic: "t t" }) });
    expect((await loadModel(open(last))).diagnostics.map((one) => one.rule)).to.include("topic-invalid");
  });

  it("report a broken lock file beside the schemas' own findings", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro({ topic: "t" }), "schemas.lock.json": "{}" });
    expect(placesOf((await loadModel(open(root))).diagnostics)).to.deep.equal([
      "lock-invalid schemas.lock.json:1:1",
    ]);
  });

  it("need no compiler for a project without .proto files, and take a project without schemas", async () => {
    const root = await writeTree({ "schemas/a.avsc": avro({ topic: "t" }) });
    const { model, inputs } = await loadModel(open(root));
    expect(model.protobuf).to.equal(undefined);
    expect([...inputs.keys()]).to.deep.equal(["a.avsc"]);
    const none = await writeTree({ "schemas/keryx/v1/options.proto": packagedOptions() });
    expect((await loadModel(open(none))).model.events).to.deep.equal([]);
  });
});
