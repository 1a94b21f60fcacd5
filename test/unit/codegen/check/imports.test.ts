import { expect } from "chai";
import { type CheckedProject, createCheckedProject, summarize } from "../../../support/check-project.ts";

const event = (
  name: string,
  topic: string,
  fields: string,
  imports: readonly string[] = [],
): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
${imports.map((path) => `import "${path}";\n`).join("")}message ${name} {
  option (keryx.v1.event) = { topic: "${topic}" };
${fields}
}
`;
const money = `syntax = "proto3";
package shop.v1;
message Money {
  string currency = 1;
  int64 units = 2;
}
message Tax {
  int32 percent = 1;
}
`;
const files = {
  "schemas/shop/money.proto": money,
  "schemas/order.proto": event("OrderPlaced", "orders", "  string id = 1;\n  Money total = 2;", [
    "shop/money.proto",
  ]),
  "schemas/refund.proto": event("OrderRefunded", "refunds", "  string id = 1;\n  Money total = 2;", [
    "shop/money.proto",
  ]),
};

describe("imports against a baseline", () => {
  let project: CheckedProject;
  before(async () => {
    project = await createCheckedProject(files);
    await project.release();
    project.commit();
  });
  afterEach(() => project.write(files));

  it("are warned of when a released schema pins another text than the tree has, at the import", async () => {
    await project.write({
      "schemas/shop/money.proto": money.replace("units = 2;", "units = 2;\n  int32 nanos = 3;"),
    });
    const { exit, findings } = await project.check();
    expect(exit).to.equal(0);
    expect(summarize(findings)).to.deep.equal([
      "import-skew schemas/order.proto:4:1",
      "import-skew schemas/refund.proto:4:1",
    ]);
    expect(findings[0]).to.deep.include({
      event: "shop.v1.OrderPlaced",
      subject: "orders-value",
      against: 1,
    });
    expect(findings[0]?.message).to.include("shop/money.proto");
  });

  it("are in order again once the events are released anew", async () => {
    await project.write({
      "schemas/shop/money.proto": money.replace("units = 2;", "units = 2;\n  int32 nanos = 3;"),
    });
    await project.release();
    expect((await project.check()).findings).to.deep.equal([]);
    await project.write({ "schemas.lock.json": project.git("show", "HEAD:schemas.lock.json") });
  });

  it("are judged as part of the events that use them, at their own place in the imported file", async () => {
    await project.write({ "schemas/shop/money.proto": money.replace("int64 units", "string units") });
    const { exit, findings } = await project.check();
    expect(exit).to.equal(3);
    const places = findings
      .filter(({ kind }) => kind === "FIELD_SCALAR_KIND_CHANGED")
      .map(({ file, line, event }) => `${file}:${line} ${event}`);
    expect(places).to.deep.equal([
      "schemas/shop/money.proto:5 shop.v1.OrderPlaced",
      "schemas/shop/money.proto:5 shop.v1.OrderRefunded",
      "schemas/shop/money.proto:5 null",
    ]);
  });

  it("are judged under their own subject, where events use nothing of what changed", async () => {
    await project.write({ "schemas/shop/money.proto": money.slice(0, money.indexOf("message Tax")) });
    const { exit, findings } = await project.check();
    expect(exit).to.equal(3);
    const found = findings.find(({ rule }) => rule === "registry-incompatible");
    expect(found).to.deep.include({
      event: null,
      subject: "shop/money.proto",
      kind: "MESSAGE_REMOVED",
      path: "#/Tax",
      file: "schemas/shop/money.proto",
      level: "BACKWARD",
    });
  });

  it("may not claim the subject of an event", async () => {
    const other = await createCheckedProject({
      "schemas/m.proto": 'syntax = "proto3";\npackage m;\nmessage X { string a = 1; }\n',
      "schemas/o.proto": `syntax = "proto3";
package m;
import "keryx/v1/options.proto";
import "m.proto";
message proto {
  option (keryx.v1.event) = { topic: "t" };
  X x = 1;
}
`,
      "keryx.yaml": "topics:\n  t:\n    subjectStrategy: record-name\n",
    });
    const { exit, findings } = await other.check();
    expect([exit, summarize(findings)]).to.deep.equal([3, ["subject-claimed schemas/o.proto:5:9"]]);
    expect(findings[0]?.subject).to.equal("m.proto");
  });
});
