import { Agent, request } from "node:http";
import { expect } from "chai";
import fc from "fast-check";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { routes } from "../../src/embedded/registry/routes/all.ts";
import { avroText, idField, noteField } from "../support/embedded-registry.ts";

const schemas = [
  avroText("Paid", idField),
  avroText("Paid", idField, noteField),
  '"string"',
  'syntax = "proto3"; message A { string a = 1; }',
  'syntax = "proto2"; message A { optional group G = 1 { optional A a = 1; } extensions 5 to max; }',
  "EgRuYW1l",
  "{",
];
const reference = fc.record({
  name: fc.constantFrom("a.proto", "test.v1.Paid", "__proto__"),
  subject: fc.constantFrom("a", "b", ":.c:a"),
  version: fc.integer({ min: -2, max: 4 }),
});
const rule = fc.record(
  {
    name: fc.constantFrom("a", "b", "", "1"),
    kind: fc.constantFrom("TRANSFORM", "X"),
    mode: fc.constantFrom("WRITE", "UPGRADE"),
    params: fc.dictionary(fc.string(), fc.string()),
  },
  { requiredKeys: [] },
);
const metadata = fc.record(
  {
    properties: fc.dictionary(fc.string(), fc.string()),
    tags: fc.dictionary(fc.string(), fc.array(fc.string())),
  },
  { requiredKeys: [] },
);
const body = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc.record(
        {
          schema: fc.constantFrom(...schemas),
          schemaType: fc.constantFrom("AVRO", "PROTOBUF", "JSON"),
          references: fc.array(reference, { maxLength: 3 }),
          id: fc.integer({ min: -1, max: 5 }),
          version: fc.integer({ min: -1, max: 5 }),
          metadata,
          ruleSet: fc.record({ domainRules: fc.array(rule, { maxLength: 2 }) }),
          compatibility: fc.constantFrom("NONE", "FULL_TRANSITIVE", "BACKWARD", "x"),
          mode: fc.constantFrom("IMPORT", "READWRITE", "READONLY", "x"),
          normalize: fc.boolean(),
          alias: fc.constantFrom("a", "b", ""),
          defaultMetadata: metadata,
        },
        { requiredKeys: [] },
      ),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  )
  .map((value) => JSON.stringify(value));
const segment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("a", "b", ":.c:a", ":.c:", "1", "2", "latest", "-1", ".c", "__proto__"),
  },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: "binary", minLength: 1, maxLength: 20 })
      .filter((text) => text.isWellFormed()),
  },
);
const query = fc.subarray([
  ...["deleted=true", "permanent=true", "normalize=true", "verbose=true", "format=serialized", "force=true"],
  ...[
    "defaultToGlobal=true",
    "limit=1",
    "offset=-5",
    "subjectPrefix=:.c:",
    "fetchMaxId=true",
    "key=a&value=b",
  ],
]);
const asked = fc.record({
  route: fc.constantFrom(...routes),
  segments: fc.array(segment, { minLength: 3, maxLength: 3 }),
  query,
  body,
});

describe("The embedded registry, asked anything in any order,", () => {
  let server: DevRegistry;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  before(async () => {
    server = await createDevRegistry({ log: () => {} });
  });
  after(async () => {
    agent.destroy();
    await server.close();
  });
  const send = (method: string, path: string, text?: string): Promise<readonly [number, string]> =>
    new Promise((resolve, reject) => {
      const headers = text === undefined ? {} : { "content-type": "application/json" };
      request(`${server.url}${path}`, { method, agent, headers }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          answer += chunk;
        });
        response.once("end", () => resolve([response.statusCode ?? 0, answer]));
      })
        .once("error", reject)
        .end(text);
    });

  it("answers in its own form and never with a failure of its own", async function () {
    this.timeout(600_000);
    const statuses = new Map<number, number>();
    for (const one of fc.sample(asked, { numRuns: 4_000, seed: 20_261_121 })) {
      const left = [...one.segments];
      const path = one.route.path.replace(/\{\w+\}/g, () => encodeURIComponent(left.shift() ?? ""));
      const hasBody = one.route.method === "POST" || one.route.method === "PUT";
      const [status, text] = await send(
        one.route.method,
        `${path}?${one.query.join("&")}`,
        hasBody ? one.body : undefined,
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const what = `${one.route.method} ${path}?${one.query.join("&")} ${one.body}: ${text}`;
      expect([200, 204, 400, 404, 409, 422], what).to.include(status);
      if (status >= 400) expect(JSON.parse(text), what).to.have.keys("error_code", "message");
    }
    // It is no test of a registry that refuses everything.
    expect(statuses.get(200)).to.be.greaterThan(500);
    expect(statuses.get(422)).to.be.greaterThan(100);
  });
});
