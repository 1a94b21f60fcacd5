import { expect } from "chai";
import { type CheckedProject, createCheckedProject } from "../../../../support/check-project.ts";
import {
  type FaultServer,
  type Reply,
  type SeenRequest,
  startFaultServer,
} from "../../../../support/fault-server.ts";
import { createSmallRegistry, type SmallRegistry } from "../../../../support/small-registry.ts";

const order = (fields: string, level = "BACKWARD_TRANSITIVE"): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
import "money.proto";
message OrderPlaced {
  option (keryx.v1.event) = { topic: "orders" compatibility: ${level} };
${fields}
  Money price = 9;
}
`;
const money = 'syntax = "proto3";\npackage shop.v1;\nmessage Money { int64 units = 1; }\n';
const payment = (type: string): string =>
  JSON.stringify({
    ...{ type: "record", name: "Paid", namespace: "pay.v1", keryx: { topic: "payments" } },
    fields: [{ name: "amount", type }],
  });
const start = {
  "keryx.yaml":
    "registry:\n  url: http://127.0.0.1:1\n  retries: 0\n  auth:\n    kind: basic\n    username: me\n    password: secret-word\n",
  "schemas/money.proto": money,
  "schemas/order.proto": order("  string id = 1;\n  int64 total = 2;"),
  "schemas/paid.avsc": payment("int"),
};

describe("keryx check against a registry", () => {
  let registry: SmallRegistry;
  let server: FaultServer;
  let project: CheckedProject;
  let override: ((request: SeenRequest) => Reply | undefined) | undefined;
  const against = (): string => `registry:${server.url}`;
  const check = () => project.check({ against: against() });
  const rules = async (): Promise<readonly string[]> =>
    (await check()).findings.map(
      ({ rule, severity, subject, against: version }) => `${severity} ${rule} ${subject} ${version}`,
    );

  beforeEach(async () => {
    registry = createSmallRegistry();
    override = undefined;
    server = await startFaultServer();
    server.answer((request) => override?.(request) ?? registry.reply(request));
    project = await createCheckedProject(start);
    await project.write({ "keryx.yaml": start["keryx.yaml"].replace("http://127.0.0.1:1", server.url) });
    expect((await project.run("register")).exit).to.equal(0);
  });
  afterEach(() => server.close());

  it("says yes to what is registered, and sends the credentials of keryx.yaml", async () => {
    const { exit, findings } = await check();
    expect([exit, findings]).to.deep.equal([0, []]);
    const authorization = `Basic ${Buffer.from("me:secret-word").toString("base64")}`;
    expect(server.seen.every(({ headers }) => headers.authorization === authorization)).to.equal(true);
  });

  it("changes nothing", async () => {
    const before = server.seen.length;
    await project.write({ "schemas/paid.avsc": payment("string") });
    await check();
    const asked = server.seen.slice(before);
    const writes = asked.filter(
      ({ method, path }) =>
        method === "PUT" ||
        method === "DELETE" ||
        (method === "POST" && /^\/subjects\/[^/]+\/versions/.test(path)),
    );
    expect(asked).to.not.be.empty;
    expect(writes).to.deep.equal([]);
  });

  it("walks the whole history of a transitive level, with the version that fails", async () => {
    await project.write({
      "schemas/order.proto": order('  string id = 1;\n  reserved 2;\n  reserved "total";'),
    });
    expect((await project.run("register")).exit).to.equal(0);
    await project.write({ "schemas/order.proto": order("  string id = 1;\n  string total = 2;") });
    registry.refusing.add("orders-value");
    const { exit, findings } = await check();
    expect(exit).to.equal(3);
    const [refused] = findings.filter(({ rule }) => rule === "registry-incompatible");
    expect(refused).to.deep.include({
      against: 1,
      kind: "FIELD_SCALAR_KIND_CHANGED",
      level: "BACKWARD_TRANSITIVE",
    });
    expect(findings.some(({ rule }) => rule === "registry-disagrees")).to.equal(false);
  });

  it("reports a registry that refuses what its dialect would take as an error that names the dialect", async () => {
    await project.write({
      "schemas/order.proto": order("  string id = 1;\n  int64 total = 2;\n  string note = 3;"),
    });
    registry.refusing.add("orders-value");
    const { exit, findings } = await check();
    expect(exit).to.equal(3);
    expect(
      findings.map(({ rule, severity, dialect, level }) => [rule, severity, dialect, level]),
    ).to.deep.equal([["registry-disagrees", "error", "confluent-8", "BACKWARD_TRANSITIVE"]]);
    expect(findings[0]?.message).to.include("READER_FIELD_MISSING_DEFAULT_VALUE");
    expect(findings[0]).to.deep.include({
      event: "shop.v1.OrderPlaced",
      file: "schemas/order.proto",
      line: 5,
    });
  });

  it("reports a registry that takes what its dialect would refuse as a warning beside our error", async () => {
    await project.write({ "schemas/paid.avsc": payment("string") });
    expect(await rules()).to.deep.equal([
      `warning registry-disagrees payments-value ${against()}`,
      "error registry-incompatible payments-value 1",
      "error wire-unsafe payments-value 1",
    ]);
  });

  it("asks version by version where a registry cannot be asked about all at once", async () => {
    const asked: string[] = [];
    override = ({ path }) => {
      if (!path.startsWith("/compatibility/")) return undefined;
      asked.push(path.replace(/\?.*/, ""));
      if (/\/versions(\?|$)/.test(path)) return { status: 405, body: { error_code: 405, message: "no" } };
      return { status: 200, body: { is_compatible: false, messages: ["its own words"] } };
    };
    await project.write({
      "schemas/order.proto": order("  string id = 1;\n  int64 total = 2;\n  string note = 3;"),
    });
    const { exit, findings } = await check();
    expect(exit).to.equal(3);
    expect(findings.map(({ rule }) => rule)).to.deep.equal(["registry-disagrees"]);
    expect(asked).to.deep.equal([
      "/compatibility/subjects/orders-value/versions",
      "/compatibility/subjects/orders-value/versions/1",
    ]);
  });

  it("judges by the level in force as well, and says that it differs from the declared one", async () => {
    registry.levels.set("payments-value", "FORWARD");
    await project.write({ "schemas/paid.avsc": payment("long") });
    registry.refusing.add("payments-value");
    const { exit, findings } = await check();
    expect(exit).to.equal(3);
    expect(findings.map(({ rule, level }) => [rule, level])).to.deep.equal([
      ["level-differs", "FORWARD"],
      ["registry-incompatible", "FORWARD"],
      ["wire-unsafe", "FORWARD"],
    ]);
  });

  it("warns of a released event whose subject is not there", async () => {
    registry.subjects.delete("payments-value");
    expect(await rules()).to.deep.equal([`warning subject-missing payments-value ${against()}`]);
  });

  it("compares the delivery policy with the lock file, which a registry does not have", async () => {
    const text = start["schemas/order.proto"].replace('topic: "orders"', 'topic: "orders" key: "id"');
    await project.write({ "schemas/order.proto": text });
    expect(await rules()).to.deep.equal(["error key-changed orders-value 1"]);
  });

  it("compares an event in JSON with the lock file: no registry has heard of it", async () => {
    const logged = (type: string): string =>
      payment(type).replace("Paid", "Logged").replace('"payments"', '"logs", "serialization": "JSON"');
    await project.write({ "schemas/logged.avsc": logged("int") });
    expect((await project.run("register")).exit).to.equal(0);
    await project.write({ "schemas/logged.avsc": logged("boolean") });
    expect(await rules()).to.include("error json-changed logs-pay.v1.Logged 1");
    expect(await rules()).to.include("error wire-unsafe logs-pay.v1.Logged 1");
    const { out } = await project.run("check", "--against", "lock");
    expect(out).to.include("The event promises BACKWARD, which refuses this by the rules of confluent-8");
    expect(out).to.not.include("The registry (");
    expect(server.seen.filter(({ path }) => path.includes("logs"))).to.deep.equal([]);
  });

  it("cannot tell when the registry is away, refuses the credentials or holds another kind of schema", async () => {
    override = () => ({ status: 401, body: { error_code: 401, message: "no" } });
    const refused = await project.run("check", "--against", against());
    expect([refused.exit, refused.note.includes("registry_unauthorized")]).to.deep.equal([1, true]);
    expect(refused.note).to.not.include("secret-word");
    override = ({ path }) =>
      path.startsWith("/subjects/payments-value/versions/1")
        ? {
            status: 200,
            body: { subject: "payments-value", id: 3, version: 1, schemaType: "JSON", schema: "{}" },
          }
        : undefined;
    await project.write({ "schemas/paid.avsc": payment("long") });
    const json = await project.run("check", "--against", against());
    expect([json.exit, json.note.includes("is a JSON schema")]).to.deep.equal([1, true]);
    await server.close();
    const away = await project.run("check", "--against", against());
    expect([away.exit, away.note.includes("registry_unreachable")]).to.deep.equal([1, true]);
  });

  it("shows no password that somebody wrote into the address", async () => {
    for (const url of [
      "http://me:hidden-word@127.0.0.1:1",
      "me:hidden-word@127.0.0.1:1",
      "//me:hidden-word@",
    ]) {
      const { exit, out, note } = await project.run("check", "--against", `registry:${url}`);
      expect([exit, (out + note).includes("hidden-word")], url).to.deep.equal([2, false]);
    }
  });

  it("ends where the references of a registry run in a circle", async () => {
    override = ({ path, method }) =>
      method === "GET" && path.startsWith("/subjects/money.proto/versions/1")
        ? {
            status: 200,
            body: {
              ...{ subject: "money.proto", id: 9, version: 1, schemaType: "PROTOBUF", schema: money },
              references: [{ name: "money.proto", subject: "money.proto", version: 1 }],
            },
          }
        : undefined;
    await project.write({
      "schemas/order.proto": order("  string id = 1;\n  int64 total = 2;\n  string note = 3;"),
    });
    const { exit, note } = await project.run("check", "--against", against());
    expect(exit).to.equal(1);
    expect(note).to.include("have no end");
  });
});
