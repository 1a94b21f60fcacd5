import { expect } from "chai";
import { type CheckedProject, createCheckedProject } from "../../../../support/check-project.ts";

const order = `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
message OrderPlaced {
  option (keryx.v1.event) = { topic: "orders" };
  string id = 1;
  /* 語 */ string note = 2;
}
`;
const bufYaml = (sections: string): string => `version: v2\nmodules:\n  - path: schemas\n${sections}`;
const breaking = "breaking:\n  use:\n    - WIRE_JSON\n";
const lint = "lint:\n  use:\n    - FIELD_LOWER_SNAKE_CASE\n";

/** What buf says, without our own findings. */
async function complaints(project: CheckedProject, against = "lock"): Promise<readonly string[]> {
  const { findings } = await project.check({ against });
  return findings
    .filter(({ rule }) => rule.startsWith("buf:"))
    .map(
      ({ rule, file, line, column, event, verdicts }) =>
        `${rule} ${file}:${line}:${column} ${event} ${verdicts}`,
    );
}

describe("the team's own rules of buf in keryx check", () => {
  let project: CheckedProject;
  before(async () => {
    project = await createCheckedProject({ "schemas/order.proto": order, "buf.yaml": bufYaml(breaking) });
    await project.release();
    project.commit();
  });
  afterEach(() => project.write({ "schemas/order.proto": order, "buf.yaml": bufYaml(breaking) }));

  it("are merged under their own names, with file and column as editors count, and leave the verdicts alone", async () => {
    await project.write({ "schemas/order.proto": order.replace("string note", "string remark") });
    for (const against of ["lock", "git:HEAD"]) {
      const { exit, findings } = await project.check({ against });
      expect(exit).to.equal(3);
      expect(await complaints(project, against)).to.deep.equal([
        "buf:FIELD_SAME_JSON_NAME schemas/order.proto:7:11 shop.v1.OrderPlaced null",
        "buf:FIELD_SAME_NAME schemas/order.proto:7:18 shop.v1.OrderPlaced null",
      ]);
      expect(findings.every(({ rule }) => rule.startsWith("buf:"))).to.equal(true);
      expect(findings[0]?.against).to.equal(against);
    }
  });

  it("include lint rules where buf.yaml has some", async () => {
    await project.write({
      "schemas/order.proto": order.replace("string id", "string Id"),
      "buf.yaml": bufYaml(lint),
    });
    expect(await complaints(project)).to.deep.equal([
      "buf:FIELD_LOWER_SNAKE_CASE schemas/order.proto:6:10 shop.v1.OrderPlaced null",
    ]);
  });

  it("may stand at a module of buf.yaml", async () => {
    await project.write({
      "schemas/order.proto": order.replace("string id", "string Id"),
      "buf.yaml":
        "version: v2\nmodules:\n  - path: schemas\n    lint:\n      use:\n        - FIELD_LOWER_SNAKE_CASE\n",
    });
    expect(await complaints(project)).to.have.length(1);
  });

  it("are not invented where the team has configured none", async () => {
    await project.write({
      "schemas/order.proto": order.replace("string note", "string Remark"),
      "buf.yaml": bufYaml(""),
    });
    expect(await complaints(project)).to.deep.equal([]);
    await project.write({ "buf.yaml": undefined });
    expect(await complaints(project)).to.deep.equal([]);
  });

  it("say nothing about the options file, which is ours", async () => {
    await project.write({ "buf.yaml": bufYaml("lint:\n  use:\n    - STANDARD\n") });
    expect((await complaints(project)).filter((one) => one.includes("schemas/keryx"))).to.deep.equal([]);
  });

  it("have nothing to compare with where there was no .proto file yet", async () => {
    const young = await createCheckedProject({
      "buf.yaml": bufYaml(breaking),
      "schemas/a.avsc": '{"type":"record","name":"A","keryx":{"topic":"a"},"fields":[]}',
    });
    await young.write({ "schemas/keryx": undefined });
    young.commit();
    await young.write({
      "schemas/m.proto": 'syntax = "proto3";\npackage shop.v1;\nmessage Money {}\n',
    });
    const { exit, findings } = await young.check({ against: "git:HEAD" });
    expect([exit, findings]).to.deep.equal([0, []]);
  });

  it("see a file that is gone", async () => {
    await project.write({ "buf.yaml": bufYaml("breaking:\n  use:\n    - FILE\n") });
    await project.write({
      "schemas/order.proto": undefined,
      "schemas/moved.proto": order,
    });
    expect((await complaints(project, "git:HEAD")).join()).to.include("buf:FILE_NO_DELETE");
    await project.write({ "schemas/moved.proto": undefined });
  });

  it("that buf does not understand give no answer, which is an error", async () => {
    await project.write({ "buf.yaml": bufYaml("breaking:\n  use:\n    - NONSENSE\n") });
    const { exit, note } = await project.run("check");
    expect(exit).to.equal(1);
    expect(note).to.match(
      /generate_failed\] buf could not apply the breaking rules of buf\.yaml: .*NONSENSE/,
    );
    await project.write({ "buf.yaml": bufYaml("lint: [\n") });
    expect((await project.run("check")).exit).to.equal(1);
  });
});
