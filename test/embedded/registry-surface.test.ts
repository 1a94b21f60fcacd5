import { expect } from "chai";
import type { RawAnswer } from "../support/embedded-registry.ts";
import {
  avroText,
  embeddedRegistries,
  idField,
  noteField,
  type RawRegistry,
} from "../support/embedded-registry.ts";

const first = { schema: avroText("Paid", idField) };
const second = { schema: avroText("Paid", idField, noteField) };
const refused = { schema: avroText("Paid", { name: "id", type: "int" }) };
const money = 'syntax = "proto3";\npackage test.v1;\n\nmessage Money {\n  int64 cents = 1;\n}\n';

const codeOf = ({ status, body }: RawAnswer): readonly unknown[] => [
  status,
  (body as { error_code?: number }).error_code,
];

describe("What the embedded registry answers", () => {
  const start = embeddedRegistries();
  let registry: RawRegistry;
  beforeEach(async () => {
    registry = await start();
  });

  it("is JSON of the registry's own type, errors too", async () => {
    const { type, body } = await registry.get("/");
    expect([type, body]).to.deep.equal(["application/vnd.schemaregistry.v1+json", {}]);
    const missing = await registry.get("/subjects/none/versions");
    expect(missing.type).to.equal("application/vnd.schemaregistry.v1+json");
    expect(missing.body).to.deep.equal({ error_code: 40401, message: "Subject 'none' not found." });
  });

  for (const accept of [
    "application/vnd.schemaregistry.v1+json",
    "application/vnd.schemaregistry+json; q=0.9, text/html",
    "application/json",
    "application/octet-stream",
    "*/*",
  ])
    it(`comes to who accepts ${accept}`, async () => {
      expect((await registry.get("/subjects", { accept })).status).to.equal(200);
    });

  it("does not come to who accepts something else", async () => {
    expect(codeOf(await registry.get("/subjects", { accept: "text/html" }))).to.deep.equal([406, 406]);
  });

  it("names the types that it knows, its cluster and its release", async () => {
    expect((await registry.get("/schemas/types")).body).to.have.members(["AVRO", "PROTOBUF"]);
    expect((await registry.get("/v1/metadata/id")).body)
      .to.have.property("id")
      .that.is.a("string");
    expect((await registry.get("/v1/metadata/version")).body).to.include({ version: "8.3.1" });
    const old = await start({ dialect: "confluent-7.4" });
    expect((await old.get("/v1/metadata/version")).body).to.include({ version: "7.4.5" });
  });

  it("is a version with all that belongs to it, and nothing that is empty", async () => {
    const { guid } = await registry.register("paid-value", first);
    const about = { guid, schemaType: "AVRO", schema: first.schema };
    const version = { subject: "paid-value", version: 1, id: 1, ...about };
    for (const wanted of ["1", "latest", "-1"])
      expect((await registry.get(`/subjects/paid-value/versions/${wanted}`)).body).to.deep.equal(version);
    expect((await registry.post("/subjects/paid-value", first)).body).to.deep.equal(version);
    expect((await registry.get("/schemas")).body).to.deep.equal([version]);
    expect((await registry.get("/schemas/ids/1")).body).to.deep.equal(about);
    expect((await registry.get("/schemas/ids/1?fetchMaxId=true")).body).to.deep.equal({ ...about, maxId: 1 });
    expect((await registry.get(`/schemas/guids/${guid}`)).body).to.deep.equal(about);
    expect((await registry.get(`/schemas/guids/${guid}/ids`)).body).to.deep.equal([{ context: ".", id: 1 }]);
    expect((await registry.get("/schemas/ids/1/subjects")).body).to.deep.equal(["paid-value"]);
    expect((await registry.get("/schemas/ids/1/versions")).body).to.deep.equal([
      { subject: "paid-value", version: 1 },
    ]);
    expect((await registry.get("/schemas/ids/1/schema")).body).to.deep.equal(JSON.parse(first.schema));
    expect((await registry.get("/subjects/paid-value/versions/1/schema")).body).to.deep.equal(
      JSON.parse(first.schema),
    );
    expect((await registry.get("/subjects/paid-value/versions/1/referencedby")).body).to.deep.equal([]);
  });

  it("leaves out GUIDs and Avro's type on the lines before 8.0", async () => {
    const old = await start({ dialect: "confluent-7" });
    expect(await old.register("paid-value", first)).to.deep.equal({ id: 1 });
    expect((await old.get("/schemas/ids/1")).body).to.deep.equal({ schema: first.schema });
    expect((await old.get("/subjects/paid-value/versions/1")).body).to.deep.equal({
      ...{ subject: "paid-value", version: 1, id: 1, schema: first.schema },
    });
    await old.register("money", { schemaType: "PROTOBUF", schema: money });
    expect((await old.get("/schemas/ids/2")).body).to.deep.equal({ schemaType: "PROTOBUF", schema: money });
    const guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d";
    expect(codeOf(await old.get(`/schemas/guids/${guid}`))).to.deep.equal([404, 40403]);
  });

  for (const [dialect, code] of [
    ["confluent-7", 409],
    ["confluent-8.0.3", 409],
    ["confluent-8.0.4", 40901],
    ["confluent-8", 40901],
    ["confluent-head", 40901],
  ] as const)
    it(`refuses an incompatible schema with 409 and code ${code} as ${dialect}`, async () => {
      const one = await start({ dialect });
      await one.register("paid-value", first);
      const answer = await one.post("/subjects/paid-value/versions", refused);
      expect(codeOf(answer)).to.deep.equal([409, code]);
      expect((answer.body as { message: string }).message).to.include("TYPE_MISMATCH");
    });

  it("says what is wrong with a schema, a type, a subject or a rule set", async () => {
    const post = (body: object, subject = "s"): Promise<RawAnswer> =>
      registry.post(`/subjects/${encodeURIComponent(subject)}/versions`, body);
    const typo = { schema: '{"type":"recor"}' };
    expect(codeOf(await post(typo))).to.deep.equal([422, 42201]);
    expect(codeOf(await post({}))).to.deep.equal([422, 42201]);
    expect(codeOf(await post({ ...first, schemaType: "XML" }))).to.deep.equal([422, 42201]);
    expect(codeOf(await registry.post("/subjects/s", typo)), "no such subject comes first").to.deep.equal([
      404, 40401,
    ]);
    expect(
      codeOf(await post({ schemaType: "PROTOBUF", schema: "message A { Missing b = 1; }" })),
    ).to.deep.equal([422, 42201]);
    const dangling = { ...first, references: [{ name: "a", subject: "none", version: 1 }] };
    expect(codeOf(await post(dangling))).to.deep.equal([422, 42201]);
    for (const subject of ["a\nb", "__GLOBAL", "__EMPTY", ":.east:"])
      expect(codeOf(await post(first, subject)), subject).to.deep.equal([422, 42208]);
    const rule = { name: "a", kind: "CONDITION", mode: "WRITE", type: "CEL", expr: "true" };
    const ruleSets: readonly object[] = [
      { domainRules: [rule, rule] },
      { domainRules: [rule], migrationRules: [{ ...rule, mode: "UPGRADE" }] },
      { domainRules: [{ ...rule, mode: "UPGRADE" }] },
      { migrationRules: [rule] },
      { encodingRules: [{ ...rule, kind: "MAGIC" }] },
      { domainRules: [{ ...rule, name: "" }] },
      { enableAt: "NOWHERE" },
    ];
    for (const ruleSet of ruleSets)
      expect(codeOf(await post({ ...first, ruleSet })), JSON.stringify(ruleSet)).to.deep.equal([422, 42210]);
    const large = { schema: JSON.stringify({ type: "string", doc: "x".repeat(1_048_576) }) };
    expect(codeOf(await post(large))).to.deep.equal([422, 42209]);
    expect((await registry.get("/subjects?deleted=true")).body).to.deep.equal([]);
  });

  it("tells an unknown subject, version, schema and id apart", async () => {
    await registry.register("paid-value", first);
    expect(codeOf(await registry.get("/subjects/none/versions/1"))).to.deep.equal([404, 40401]);
    expect(codeOf(await registry.get("/subjects/paid-value/versions/2"))).to.deep.equal([404, 40402]);
    expect(codeOf(await registry.get("/subjects/paid-value/versions/2/schema"))).to.deep.equal([404, 40402]);
    expect(codeOf(await registry.get("/subjects/paid-value/versions/2/referencedby"))).to.deep.equal([
      404, 40402,
    ]);
    for (const version of ["0", "-2", "2147483648", "newest"])
      expect(codeOf(await registry.get(`/subjects/paid-value/versions/${version}`)), version).to.deep.equal([
        422, 42202,
      ]);
    expect(codeOf(await registry.post("/subjects/none", first))).to.deep.equal([404, 40401]);
    expect(codeOf(await registry.post("/subjects/paid-value", second))).to.deep.equal([404, 40403]);
    for (const id of ["2", "x", "99999999999"])
      for (const rest of ["", "/schema", "/subjects", "/versions"])
        expect(codeOf(await registry.get(`/schemas/ids/${id}${rest}`)), id + rest).to.deep.equal([
          404, 40403,
        ]);
    for (const rest of ["", "/ids"])
      expect(codeOf(await registry.get(`/schemas/guids/none${rest}`))).to.deep.equal([404, 40403]);
  });

  it("judges compatibility against one version or all, in the registry's words when asked to", async () => {
    await registry.register("paid-value", first);
    const ask = (at: string, body: object, subject = "paid-value"): Promise<RawAnswer> =>
      registry.post(`/compatibility/subjects/${subject}/versions${at}`, body);
    expect((await ask("/latest", second)).body).to.deep.equal({ is_compatible: true });
    expect((await ask("?verbose=true", second)).body).to.deep.equal({ is_compatible: true });
    expect((await ask("/1", refused)).body).to.deep.equal({ is_compatible: false });
    const { is_compatible, messages } = (await ask("/1?verbose=true", refused)).body as {
      is_compatible: boolean;
      messages: string[];
    };
    expect(is_compatible).to.equal(false);
    expect(messages[0]).to.match(
      /^\{errorType:'TYPE_MISMATCH', description:'.*', additionalInfo:'reader type: INT not compatible with writer type: STRING'\}$/,
    );
    expect(messages.slice(1)).to.deep.equal([
      "{oldSchemaVersion: 1}",
      `{oldSchema: '${first.schema}'}`,
      "{validateFields: 'false', compatibility: 'BACKWARD'}",
    ]);
    expect((await ask("/latest", first, "none")).body).to.deep.equal({ is_compatible: true });
    expect((await ask("", first, "none")).body).to.deep.equal({ is_compatible: true });
    expect(codeOf(await ask("/1", first, "none"))).to.deep.equal([404, 40402]);
    expect(codeOf(await ask("/7", first))).to.deep.equal([404, 40402]);
    expect(codeOf(await ask("/x", first))).to.deep.equal([422, 42202]);
    const broken = { schema: "{" };
    expect(codeOf(await ask("/1", broken))).to.deep.equal([422, 42201]);
    const told = (await ask("/1?verbose=true", broken)).body as {
      is_compatible: boolean;
      messages: string[];
    };
    expect([told.is_compatible, told.messages.length]).to.deep.equal([false, 1]);
    const other = { schemaType: "PROTOBUF", schema: money };
    expect((await ask("?verbose=true", other)).body).to.deep.equal({
      is_compatible: false,
      messages: ["Incompatible because of different schema type"],
    });
  });

  it("keeps levels at each place, and answers them in other words than it takes them", async () => {
    expect((await registry.get("/config")).body).to.deep.equal({ compatibilityLevel: "BACKWARD" });
    expect((await registry.put("/config", { compatibility: "full" })).body).to.deep.equal({
      compatibility: "FULL",
    });
    expect((await registry.get("/config")).body).to.deep.equal({ compatibilityLevel: "FULL" });
    expect(codeOf(await registry.get("/config/s"))).to.deep.equal([404, 40408]);
    expect((await registry.get("/config/s?defaultToGlobal=true")).body).to.deep.equal({
      compatibilityLevel: "FULL",
    });
    await registry.put(`/config/${encodeURIComponent(":.east:")}`, { compatibility: "NONE" });
    expect((await registry.get("/config/:.east:s?defaultToGlobal=true")).body).to.deep.equal({
      compatibilityLevel: "NONE",
    });
    await registry.put("/config/:.east:s", { compatibility: "FORWARD" });
    expect((await registry.get("/config/:.east:s")).body).to.deep.equal({ compatibilityLevel: "FORWARD" });
    expect((await registry.delete("/config/:.east:s")).body).to.deep.equal({ compatibilityLevel: "FORWARD" });
    expect(codeOf(await registry.delete("/config/:.east:s"))).to.deep.equal([404, 40401]);
    expect(codeOf(await registry.put("/config/s", { compatibility: "SOME" }))).to.deep.equal([422, 42203]);
    expect((await registry.delete("/config")).body).to.deep.equal({ compatibilityLevel: "FULL" });
    expect((await registry.get("/config")).body).to.deep.equal({ compatibilityLevel: "BACKWARD" });
  });

  it("changes what a request names of a configuration, and takes away what is null", async () => {
    const more = { alias: "paid-value", normalize: true, compatibilityGroup: "major" };
    await registry.put("/config/s", { compatibility: "FULL", ...more, somethingElse: 1 });
    await registry.put("/config/s", { normalize: false, alias: null });
    expect((await registry.get("/config/s")).body).to.deep.equal({
      ...{ compatibilityLevel: "FULL", normalize: false, compatibilityGroup: "major" },
    });
    await registry.put("/config/s", { normalize: null, compatibilityGroup: null, compatibility: null });
    expect(codeOf(await registry.get("/config/s"))).to.deep.equal([404, 40408]);
  });

  it("keeps modes at each place", async () => {
    expect((await registry.get("/mode")).body).to.deep.equal({ mode: "READWRITE" });
    expect(codeOf(await registry.get("/mode/s"))).to.deep.equal([404, 40409]);
    expect((await registry.put("/mode", { mode: "readonly" })).body).to.deep.equal({ mode: "READONLY" });
    expect((await registry.get("/mode/s?defaultToGlobal=true")).body).to.deep.equal({ mode: "READONLY" });
    expect((await registry.put("/mode/s", { mode: "FORWARD" })).body).to.deep.equal({ mode: "FORWARD" });
    expect((await registry.get("/mode/s")).body).to.deep.equal({ mode: "FORWARD" });
    expect((await registry.delete("/mode/s")).body).to.deep.equal({ mode: "FORWARD" });
    expect(codeOf(await registry.delete("/mode/s"))).to.deep.equal([404, 40401]);
    expect(codeOf(await registry.put("/mode/s", { mode: "SOME" }))).to.deep.equal([422, 42204]);
    expect((await registry.delete("/mode")).body).to.deep.equal({ mode: "READONLY" });
  });

  it("reads an alias as the subject that it stands for", async () => {
    await registry.register("paid-value", first);
    await registry.put("/config/old-name", { alias: "paid-value" });
    expect((await registry.get("/subjects/old-name/versions/latest")).body).to.include({
      subject: "paid-value",
    });
    expect((await registry.post("/subjects/old-name", first)).body).to.include({
      subject: "paid-value",
      id: 1,
    });
  });

  it("compares within a compatibility group only", async () => {
    const inGroup = (body: object, major: string): object => ({
      ...body,
      metadata: { properties: { major } },
    });
    await registry.put("/config/s", { compatibilityGroup: "major" });
    await registry.register("s", inGroup(first, "1"));
    expect(await registry.register("s", inGroup(refused, "2"))).to.include({ version: 2 });
    expect((await registry.post("/subjects/s/versions", inGroup(refused, "1"))).status).to.equal(409);
    expect(await registry.register("s", inGroup(second, "1"))).to.include({ version: 3 });
  });

  it("puts default and override metadata and rules around what is registered, and keeps what is not said", async () => {
    const rule = { name: "check", kind: "CONDITION", mode: "WRITE", type: "CEL", expr: "true" };
    await registry.put("/config/s", {
      defaultMetadata: { properties: { owner: "nobody", tier: "2" } },
      overrideMetadata: { properties: { region: "eu" } },
      defaultRuleSet: { domainRules: [rule] },
      overrideRuleSet: { domainRules: [{ ...rule, name: "always" }] },
    });
    const properties = { owner: "team-a", region: "us" };
    await registry.register("s", { ...first, metadata: { properties } });
    const merged = { properties: { owner: "team-a", tier: "2", region: "eu" } };
    const { metadata, ruleSet } = (await registry.get("/subjects/s/versions/1")).body as {
      metadata: object;
      ruleSet: { domainRules: { name: string }[] };
    };
    expect(metadata).to.deep.equal(merged);
    expect(ruleSet.domainRules.map(({ name }) => name)).to.deep.equal(["check", "always"]);
    await registry.register("s", second);
    expect((await registry.get("/subjects/s/versions/2")).body).to.deep.include({ metadata: merged });
    expect(
      (await registry.get("/subjects/s/metadata?key=owner&value=team-a&key=region&value=eu")).body,
    ).to.include({ version: 2 });
    expect(codeOf(await registry.get("/subjects/s/metadata?key=owner&value=team-b"))).to.deep.equal([
      404, 40403,
    ]);
    expect(codeOf(await registry.get("/subjects/none/metadata?key=a&value=b"))).to.deep.equal([404, 40401]);
  });

  it("has no associations, which sends the newest clients to their fallback", async () => {
    const path =
      "/associations/resources/-/orders?resourceType=topic&associationType=value&offset=0&limit=-1";
    expect(await registry.get(path)).to.deep.include({ status: 200, body: [] });
  });

  it("pages through lists", async () => {
    for (const subject of ["c", "a", "b"]) await registry.register(subject, first);
    expect((await registry.get("/subjects?offset=1&limit=1")).body).to.deep.equal(["b"]);
    expect((await registry.get("/subjects?limit=0")).body).to.deep.equal([]);
    expect((await registry.get("/subjects?limit=-1&offset=2")).body).to.deep.equal(["c"]);
    expect((await registry.get("/schemas?latestOnly=true&limit=2")).body).to.have.length(2);
    expect((await registry.get("/schemas/ids/1/subjects?offset=2")).body).to.deep.equal(["c"]);
  });

  it("knows a subject with slashes when they are percent-encoded, and no path when they are not", async () => {
    await registry.register("orders/v1/money.proto", { schemaType: "PROTOBUF", schema: money });
    expect((await registry.get("/subjects/orders%2Fv1%2Fmoney.proto/versions/1/schema")).body).to.equal(
      money,
    );
    expect((await registry.get("/subjects/orders%2fv1%2fmoney.proto/versions")).body).to.deep.equal([1]);
    expect(codeOf(await registry.get("/subjects/orders/v1/money.proto/versions/1"))).to.deep.equal([
      404, 404,
    ]);
    expect(codeOf(await registry.get("/subjects/%E0%A4%A/versions"))).to.deep.equal([400, 400]);
  });

  it("is 404 for paths and 405 for methods that are not its own", async () => {
    expect(codeOf(await registry.get("/nothing"))).to.deep.equal([404, 404]);
    expect(codeOf(await registry.put("/subjects", {}))).to.deep.equal([405, 405]);
    expect(codeOf(await registry.delete("/schemas/ids/1"))).to.deep.equal([405, 405]);
  });
});
