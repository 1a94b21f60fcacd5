import { expect } from "chai";
import { readGuidParts } from "../../src/registry/guid-answer.ts";
import { guidOf } from "../../src/schema/guid.ts";
import { embeddedRegistries, type RawRegistry } from "../support/embedded-registry.ts";

const recordA = JSON.stringify({ type: "record", name: "A", namespace: "com.acme", fields: [] });
const protoA = 'syntax = "proto3";\npackage com.acme;\n\nmessage A {\n}\n';
const texts = {
  AVRO: { referred: recordA, text: '"string"', name: "com.acme.A" },
  PROTOBUF: {
    referred: protoA,
    text: 'syntax = "proto3"; import "a.proto"; message B { com.acme.A a = 1; }',
    name: "a.proto",
  },
};
const rule = {
  kind: "TRANSFORM",
  type: "CEL",
  expr: "x",
  doc: "why",
  tags: ["PII", "B"],
  params: { b: "2", a: "1" },
};
const metadata = {
  tags: { "**.id": ["Z", "A"] },
  properties: { owner: "team-a", area: "ü" },
  sensitive: ["owner", "area"],
};
const ruleSet = {
  migrationRules: [{ ...rule, name: "up", mode: "UPGRADE", disabled: true }],
  domainRules: [{ ...rule, name: "write", mode: "WRITE", onSuccess: "NONE", onFailure: "DLQ" }],
  encodingRules: [{ ...rule, name: "both", mode: "WRITEREAD" }],
  enableAt: "CLIENT",
};

describe("The GUIDs of the embedded registry", () => {
  const start = embeddedRegistries();
  let registry: RawRegistry;
  beforeEach(async () => {
    registry = await start();
  });

  it("are the published ones for the published examples", async () => {
    await registry.register("a-value", { schema: recordA });
    const string = { schema: '"string"' };
    expect((await registry.register("plain", string)).guid).to.equal("095d71cf-1255-6b9d-5e33-0ad575b3df5d");
    const references = [{ name: "com.acme.A", subject: "a-value", version: 1 }];
    const referring = await registry.register("referring", { ...string, references });
    expect(referring.guid).to.equal("8671e1bd-dbb3-212d-c9c1-1a58d4d590a3");
    const owned = { ...string, metadata: { properties: { owner: "team-a" } } };
    expect((await registry.register("owned", owned)).guid).to.equal("9b9f0344-c519-7923-9fa9-d5301d664ca2");
  });

  for (const schemaType of ["AVRO", "PROTOBUF"] as const)
    for (const hasReferences of [false, true])
      for (const hasMetadata of [false, true])
        for (const hasRules of [false, true]) {
          const parts = [
            ...(hasReferences ? ["references"] : []),
            ...(hasMetadata ? ["metadata"] : []),
            ...(hasRules ? ["rules"] : []),
          ];
          it(`are what a client computes, of ${schemaType} with ${parts.join(", ") || "nothing"}`, async () => {
            const { referred, text, name } = texts[schemaType];
            await registry.register("a", { schemaType, schema: referred });
            const schema =
              hasReferences || schemaType === "AVRO" ? text : 'syntax = "proto3"; message B { int32 a = 1; }';
            const { guid, id } = await registry.register("subject", {
              ...{ schemaType, schema },
              ...(hasReferences ? { references: [{ name, subject: "a", version: 1 }] } : {}),
              ...(hasMetadata ? { metadata } : {}),
              ...(hasRules ? { ruleSet } : {}),
            });
            const { body } = await registry.get("/subjects/subject/versions/1");
            const answered = readGuidParts(body, id);
            expect(answered === undefined ? undefined : guidOf(answered)).to.equal(guid);
            expect(Object.keys(answered ?? {})).to.have.length(2 + Number(hasMetadata) + Number(hasRules));
            expect((await registry.get(`/schemas/guids/${guid}`)).body).to.deep.include({ guid });
            expect((await registry.get(`/schemas/guids/${guid.toUpperCase()}/ids`)).body).to.deep.equal([
              { context: ".", id },
            ]);
          });
        }
});
