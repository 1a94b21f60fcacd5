import { createHash } from "node:crypto";
import { expect } from "chai";
import { createRegistryAdmin } from "../../../src/registry/admin.ts";
import { readGuidParts } from "../../../src/registry/guid-answer.ts";
import { type GuidParts, guidOf } from "../../../src/schema/guid.ts";
import { type FaultServer, startFaultServer } from "../../support/fault-server.ts";

/** As the registry's REST interface shows the parts. */
interface Shown {
  readonly schema: string;
  readonly references?: readonly { name: string; subject: string; version: number }[];
  readonly metadata?: {
    tags?: Record<string, string[]>;
    properties?: Record<string, string>;
    sensitive?: string[];
  };
  readonly ruleSet?: {
    migrationRules?: ShownRule[];
    domainRules?: ShownRule[];
    encodingRules?: ShownRule[];
    enableAt?: string;
  };
}
type ShownRule = Record<string, unknown>;

/** The same again in the plainest way: one list of bytes, hashed at the end. */
function recompute({ schema, references = [], metadata, ruleSet }: Shown): string {
  const bytes: number[] = [];
  const put = (text: unknown): void => {
    if (typeof text === "string") bytes.push(...new TextEncoder().encode(text));
  };
  const byKey = (map: Record<string, unknown> = {}): string[] => Object.keys(map).sort();
  put(schema);
  for (const { name, subject, version } of references) {
    put(name);
    put(subject);
    bytes.push((version >>> 24) & 255, (version >>> 16) & 255, (version >>> 8) & 255, version & 255);
  }
  if (metadata) {
    bytes.push(1);
    for (const key of byKey(metadata.tags)) {
      put(key);
      for (const value of [...(metadata.tags?.[key] ?? [])].sort()) put(value);
    }
    for (const key of byKey(metadata.properties)) {
      put(key);
      put(metadata.properties?.[key]);
    }
    for (const one of [...(metadata.sensitive ?? [])].sort()) put(one);
  }
  if (ruleSet) {
    bytes.push(1);
    for (const list of [ruleSet.migrationRules, ruleSet.domainRules, ruleSet.encodingRules])
      for (const rule of list ?? []) {
        for (const key of ["name", "doc", "kind", "mode", "type"]) put(rule[key]);
        for (const tag of [...((rule["tags"] as string[]) ?? [])].sort()) put(tag);
        const params = rule["params"] as Record<string, string> | undefined;
        for (const key of byKey(params)) {
          put(key);
          put(params?.[key]);
        }
        for (const key of ["expr", "onSuccess", "onFailure"]) put(rule[key]);
        if (rule["disabled"] === true) bytes.push(1);
      }
    put(ruleSet.enableAt);
  }
  const hex = createHash("md5").update(Uint8Array.from(bytes)).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const rule: ShownRule = {
  name: "check",
  doc: "Mail has an @.",
  kind: "CONDITION",
  mode: "WRITEREAD",
  type: "CEL",
  tags: ["PII", "B", "a"],
  params: { z: "1", a: "é" },
  expr: "message.mail.contains('@')",
  onSuccess: "NONE",
  onFailure: "ERROR",
};
const schemas = [
  '"string"',
  'syntax = "proto3";\nmessage M {\n  string ä = 1;\n}\n',
  '{"type":"object","title":"€ \u{1f600}"}',
];
const references = [
  undefined,
  [{ name: "com.acme.A", subject: "a-value", version: 1 }],
  [
    { name: "b/c.proto", subject: "b/c.proto", version: 258 },
    { name: "a.proto", subject: "a.proto", version: 2_147_483_647 },
  ],
];
const metadata = [
  undefined,
  {},
  { properties: { owner: "team-a" } },
  { tags: { "**.b": ["z", "A"], "**.a": [] }, properties: { b: "", B: "2", a: "1" }, sensitive: ["y", "X"] },
];
const ruleSets = [
  undefined,
  {},
  { domainRules: [rule, { ...rule, name: "off", disabled: true, tags: [], params: {} }] },
  {
    migrationRules: [{ name: "up", kind: "TRANSFORM", mode: "UPGRADE", type: "JSONATA", disabled: false }],
    encodingRules: [{ name: "enc" }],
    enableAt: "first",
  },
];

describe("A schema's GUID", () => {
  const parts = (rest: Partial<GuidParts> = {}): GuidParts => ({
    schema: '"string"',
    references: [],
    ...rest,
  });

  it("is the published one for the published examples", () => {
    const reference = { name: "com.acme.A", subject: "a-value", version: 1 };
    const properties = new Map([["owner", "team-a"]]);
    expect(guidOf(parts())).to.equal("095d71cf-1255-6b9d-5e33-0ad575b3df5d");
    expect(guidOf(parts({ references: [reference] }))).to.equal("8671e1bd-dbb3-212d-c9c1-1a58d4d590a3");
    expect(guidOf(parts({ metadata: { properties } }))).to.equal("9b9f0344-c519-7923-9fa9-d5301d664ca2");
  });

  it("covers text, references, metadata and rules in every combination, as recomputed", () => {
    const seen = new Set<string>();
    for (const schema of schemas)
      for (const refs of references)
        for (const meta of metadata)
          for (const rules of ruleSets) {
            const shown = {
              schema,
              ...(refs ? { references: refs } : {}),
              ...(meta ? { metadata: meta } : {}),
              ...(rules ? { ruleSet: rules } : {}),
            } as Shown;
            const read = readGuidParts(JSON.parse(JSON.stringify(shown)), 1);
            expect(read && guidOf(read)).to.equal(recompute(shown));
            seen.add(recompute(shown));
          }
    // An empty metadata and an empty rule set add the same byte.
    expect(seen.size).to.equal(schemas.length * references.length * (4 * 4 - 1));
  });

  it("depends on the order of rules and references, not on that of tags and properties", () => {
    const of = (shown: Shown): string => guidOf(readGuidParts(shown, 1) ?? parts());
    const base = { schema: '"string"' };
    expect(of({ ...base, references: references[2] ?? [] })).not.to.equal(
      of({ ...base, references: [...(references[2] ?? [])].reverse() }),
    );
    expect(of({ ...base, metadata: { properties: { a: "1", b: "2" }, sensitive: ["x", "y"] } })).to.equal(
      of({ ...base, metadata: { properties: { b: "2", a: "1" }, sensitive: ["y", "x"] } }),
    );
  });

  const strange: Readonly<Record<string, unknown>> = {
    "no text": { references: [] },
    "text that is none": { schema: 1 },
    "metadata that is a list": { schema: "s", metadata: [] },
    "a member of metadata that is new": { schema: "s", metadata: { owners: ["a"] } },
    "tags that are no lists": { schema: "s", metadata: { tags: { a: "b" } } },
    "a property that is a number": { schema: "s", metadata: { properties: { a: 1 } } },
    "a rule with a new member": { schema: "s", ruleSet: { domainRules: [{ name: "a", since: "1" }] } },
    "a member called __proto__": JSON.parse('{"schema":"s","metadata":{"__proto__":{}}}'),
    "a flag that is text": { schema: "s", ruleSet: { domainRules: [{ disabled: "true" }] } },
    "rules that are no list": { schema: "s", ruleSet: { domainRules: {} } },
  };
  for (const [what, body] of Object.entries(strange))
    it(`is not guessed from an answer with ${what}`, () => {
      expect(readGuidParts(body, 1)).to.equal(undefined);
    });

  describe("of a registered version", () => {
    let server: FaultServer;
    const place = { subject: "s", version: 2, id: 4 };
    const guid = "00000000-0000-0000-0000-00000000000a";
    const ask = async (known: object = {}, dialect = "confluent-7.6") => {
      const admin = createRegistryAdmin({ url: server.url, retries: 0, dialect }, () => {});
      return admin.guid({ ...place, ...known }).finally(() => admin.close());
    };
    beforeEach(async () => {
      server = await startFaultServer();
      server.answer({ status: 200, body: { subject: "s", version: 2, id: 4, schema: '"string"' } });
    });
    afterEach(() => server.close());

    it("is the one that came with the registration, and nobody is asked", async () => {
      expect(await ask({ guid })).to.equal(guid);
      expect(server.seen).to.have.length(0);
    });

    it("is the registry's own where it answers one", async () => {
      server.answer({ status: 200, body: { schema: '"string"', guid: guid.toUpperCase() } });
      expect(await ask()).to.equal(guid);
    });

    it("is else computed from the text that the registry keeps", async () => {
      expect(await ask()).to.equal("095d71cf-1255-6b9d-5e33-0ad575b3df5d");
      expect(server.seen[0]?.path).to.equal("/subjects/s/versions/2");
    });

    it("is unknown where another kind of registry keeps another text", async () => {
      for (const dialect of ["apicurio-3.0", "karapace-4", "redpanda-25"])
        expect(await ask({}, dialect)).to.equal(undefined);
    });
  });
});
