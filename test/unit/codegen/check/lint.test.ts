import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Diagnostic } from "../../../../codegen/diagnostics.ts";
import { loadModel, type ModelSettings } from "../../../../codegen/index.ts";

type Keryx = Readonly<Record<string, unknown>>;

interface EventFile {
  /** Full name of the record. */
  readonly name: string;
  readonly keryx: Keryx;
  readonly fields?: readonly unknown[];
}

const event = (name: string, keryx: Keryx, ...fields: readonly unknown[]): EventFile => ({
  name,
  keryx,
  fields,
});

/** Findings over Avro events, one file each. */
async function lint(
  events: readonly EventFile[],
  settings: ModelSettings = {},
): Promise<readonly Diagnostic[]> {
  const root = mkdtempSync(join(tmpdir(), "keryx-check-"));
  try {
    mkdirSync(join(root, "schemas", "a"), { recursive: true });
    for (const [index, { name, keryx, fields = [] }] of events.entries()) {
      const schema = { type: "record", name, keryx, fields };
      writeFileSync(join(root, "schemas", "a", `e${index}.avsc`), JSON.stringify(schema, null, 2));
    }
    return (await loadModel({ root, schemas: "schemas", settings })).diagnostics;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function rules(events: readonly EventFile[], settings?: ModelSettings): Promise<readonly string[]> {
  return (await lint(events, settings)).map(({ rule }) => rule);
}

const delays = (...list: readonly string[]): Keryx => ({ retry: { delays: list } });

describe("checks of topics", () => {
  it("take every name that Kafka takes, up to 249 characters", async () => {
    for (const topic of ["a", "A.b_c-9", "x".repeat(238)])
      expect(await rules([event("a.E", { topic })])).to.deep.equal([]);
    expect(
      await rules([event("a.E", { topic: "x".repeat(245), ...delays(), deadLetter: "dlq" })]),
    ).to.deep.equal([]);
  });

  it("refuse a name that leaves no room for the retry topics", async () => {
    const [found, ...others] = await lint([event("a.E", { topic: "x".repeat(242), deadLetter: "dlq" })]);
    expect(others).to.deep.equal([]);
    expect(found?.message).to.include("250 characters");
    expect(found?.help).to.include("shorter topic name");
  });

  it("say once, not twice, that a topic and so its default dead-letter topic are wrong", async () => {
    for (const topic of [".", "..", "é", "a b", "x".repeat(250)])
      expect(await rules([event("a.E", { topic, ...delays() })]), topic).to.include("topic-invalid");
    expect(await rules([event("a.E", { topic: "a b" })])).to.deep.equal(["topic-invalid"]);
    expect(await rules([event("a.E", { topic: "x".repeat(247), ...delays() })])).to.deep.equal([
      "dead-letter-invalid",
    ]);
  });
});

describe("checks of retry delays", () => {
  it("take the limits themselves and refuse one more", async () => {
    const ten = Array.from({ length: 10 }, (_, index) => `${index + 1}ms`);
    expect(await rules([event("a.E", { topic: "t", ...delays(...ten) })])).to.deep.equal([]);
    expect(await rules([event("a.E", { topic: "t", ...delays("24h") })])).to.deep.equal([]);
    for (const wrong of [[...ten, "11ms"], ["0ms"], ["86400001ms"], ["0s", "25h"]])
      expect(new Set(await rules([event("a.E", { topic: "t", ...delays(...wrong) })]))).to.deep.equal(
        new Set(["retry-delays-bounded"]),
      );
  });

  it("name the setting that a wrong value comes from", async () => {
    const [found] = await lint([event("a.E", { topic: "t" })], { defaults: { retry: { delays: ["25h"] } } });
    expect(found?.message).to.include("(set in keryx.yaml at defaults.retry)");
    expect(found).to.include({ file: "a/e0.avsc", rule: "retry-delays-bounded" });
  });

  it("leave an ordered event alone whose folder has delays: it has none", async () => {
    const settings = { folders: { a: { retry: { delays: ["1s"] } } } };
    expect(await rules([event("a.E", { topic: "t", ordered: true })], settings)).to.deep.equal([]);
    expect(await rules([event("a.E", { topic: "t", ordered: true, ...delays() })])).to.deep.equal([]);
  });

  it("compare the events of a topic stage by stage", async () => {
    const on = (...lists: readonly (readonly string[])[]): Promise<readonly string[]> =>
      rules(lists.map((list, index) => event(`a.E${index}`, { topic: "t", ...delays(...list) })));
    expect(await on(["1s", "30s"], ["1s"], [])).to.deep.equal([]);
    expect(await on(["1s"], ["1s", "30s"], ["1s", "60s"])).to.deep.equal(["topic-delays-differ"]);
    expect(await on([], ["2s"], ["1s"], ["1s"])).to.deep.equal([
      "topic-delays-differ",
      "topic-delays-differ",
    ]);
  });
});

describe("checks of types and keys", () => {
  it("bound an event type to 255 printable characters", async () => {
    expect(await rules([event("a.E", { topic: "t", type: "é".repeat(255) })])).to.deep.equal([]);
    for (const type of ["x".repeat(256), "a\u2028b", "a\u0000", "\u202e"])
      expect(await rules([event("a.E", { topic: "t", type })])).to.deep.equal(["type-invalid"]);
  });

  it("let two topics use one event type", async () => {
    const type = "x.changed";
    expect(
      await rules([event("a.E", { type, topic: "t" }), event("a.F", { type, topic: "u" })]),
    ).to.deep.equal([]);
  });

  it("see a sensitive key inside a record that is marked as a whole", async () => {
    const person = { type: "record", name: "Person", fields: [{ name: "id", type: "string" }] };
    const field = { name: "person", type: person, keryx: { sensitive: true } };
    expect(await rules([event("a.E", { topic: "t", key: "person.id" }, field)])).to.deep.equal([
      "key-sensitive",
    ]);
  });
});

describe("checks of names", () => {
  it("refuse methods that a generated object cannot give away", async () => {
    for (const name of ["Start", "Flush", "Stats", "Tombstone", "Then", "ToString", "valueOf", "Constructor"])
      expect(await rules([event(`a.${name}`, { topic: "t" })]), name).to.deep.equal(["method-clash"]);
  });

  it("refuse an event called like another's init type, or like the catalogue", async () => {
    const pair = [event("a.Order", { topic: "t" }), event("a.OrderInit", { topic: "u" })];
    expect(await rules(pair)).to.deep.equal(["export-clash"]);
    expect(await rules([event("a.catalog", { topic: "t" })])).to.deep.equal(["export-clash"]);
  });

  it("let packages share an event's name, unless a package is called like a topic", async () => {
    const pair = (topic: string): readonly EventFile[] => [
      event("orders.v1.Placed", { topic }),
      event("orders.v2.Placed", { topic: `${topic}-2` }),
    ];
    expect(await rules(pair("placed"))).to.deep.equal([]);
    const found = await lint(pair("orders-v1"));
    expect(found.map(({ message }) => message)).to.deep.equal([
      'Both the topic "orders-v1" and the package orders.v1 would be exported as ordersV1.',
    ]);
  });
});
