import { expect } from "chai";
import { type CheckedProject, createCheckedProject, summarize } from "../../../support/check-project.ts";
import type { Files } from "../../../support/schema-tree.ts";

const order = `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
message OrderPlaced {
  option (keryx.v1.event) = {
    type: "order.placed"
    topic: "orders"
    key: "order_id"
    id: "event_id"
    compatibility: FULL
    dead_letter: "orders-lost"
    retry: { delays: ["1s", "30s"] }
    owner: "team-a"
  };
  string event_id = 1;
  string order_id = 2;
  string email = 3 [(keryx.v1.field) = { sensitive: true }];
  Customer customer = 4;
}
message Customer {
  string name = 1 [(keryx.v1.field) = { sensitive: true }];
}
`;
const payment = `{
  "type": "record",
  "name": "PaymentCaptured",
  "namespace": "pay.v1",
  "keryx": {
    "type": "payment.captured",
    "topic": "payments",
    "key": "orderId",
    "id": "eventId",
    "compatibility": "FULL",
    "deadLetter": "payments-lost",
    "retry": { "delays": ["1s"] }
  },
  "fields": [
    { "name": "eventId", "type": "string" },
    { "name": "orderId", "type": "string" },
    { "name": "cardHolder", "type": "string", "keryx": { "sensitive": true } }
  ]
}
`;
const avroFiles = { "schemas/pay.avsc": payment };
const files = { "schemas/shop.proto": order, ...avroFiles };

interface Case {
  readonly does: string;
  readonly proto: readonly [old: string, now: string];
  readonly avro?: readonly [old: string, now: string];
  /** Rule and place in either format. */
  readonly finds: readonly [proto: string, avro?: string];
  readonly exit: 0 | 3;
}

const cases: readonly Case[] = [
  {
    does: "a topic that changes",
    proto: ['topic: "orders"', 'topic: "orders-2"'],
    avro: ['"topic": "payments"', '"topic": "payments-2"'],
    finds: ["topic-changed schemas/shop.proto:7:5", "topic-changed schemas/pay.avsc:7:5"],
    exit: 3,
  },
  {
    does: "an event type that changes",
    proto: ['"order.placed"', '"order.made"'],
    avro: ['"payment.captured"', '"payment.taken"'],
    finds: ["type-changed schemas/shop.proto:6:5", "type-changed schemas/pay.avsc:6:5"],
    exit: 3,
  },
  {
    does: "another serialization",
    proto: ['owner: "team-a"', 'owner: "team-a" serialization: JSON'],
    avro: ['"compatibility": "FULL",', '"compatibility": "FULL", "serialization": "JSON",'],
    finds: ["serialization-changed schemas/shop.proto:13:21", "serialization-changed schemas/pay.avsc:10:30"],
    exit: 3,
  },
  {
    does: "another record key",
    proto: ['key: "order_id"', 'key: "event_id"'],
    avro: ['"key": "orderId"', '"key": "eventId"'],
    finds: ["key-changed schemas/shop.proto:8:5", "key-changed schemas/pay.avsc:8:5"],
    exit: 3,
  },
  {
    does: "a record key that goes",
    proto: ['    key: "order_id"\n', ""],
    avro: ['    "key": "orderId",\n', ""],
    finds: ["key-changed schemas/shop.proto:4:9", "key-changed schemas/pay.avsc:3:11"],
    exit: 3,
  },
  {
    does: "another dedupe id",
    proto: ['id: "event_id"', 'id: "order_id"'],
    avro: ['"id": "eventId"', '"id": "orderId"'],
    finds: ["id-changed schemas/shop.proto:9:5", "id-changed schemas/pay.avsc:9:5"],
    exit: 3,
  },
  {
    does: "a sensitive mark that goes",
    proto: ["email = 3 [(keryx.v1.field) = { sensitive: true }]", "email = 3"],
    avro: [', "keryx": { "sensitive": true } }', " }"],
    finds: ["sensitive-removed schemas/shop.proto:17:3", "sensitive-removed schemas/pay.avsc:17:5"],
    exit: 3,
  },
  {
    does: "a sensitive mark that goes in a nested type",
    proto: ["name = 1 [(keryx.v1.field) = { sensitive: true }]", "name = 1"],
    finds: ["sensitive-removed schemas/shop.proto:21:3"],
    exit: 3,
  },
  {
    does: "a sensitive mark that is lost with a new name of the field",
    proto: ["email = 3 [(keryx.v1.field) = { sensitive: true }]", "mail = 3"],
    finds: ["sensitive-removed schemas/shop.proto:17:3"],
    exit: 3,
  },
  {
    does: "another dead-letter topic",
    proto: ["orders-lost", "orders-gone"],
    avro: ["payments-lost", "payments-gone"],
    finds: ["dead-letter-changed schemas/shop.proto:11:5", "dead-letter-changed schemas/pay.avsc:11:5"],
    exit: 0,
  },
  {
    does: "a lowered level",
    proto: ["compatibility: FULL", "compatibility: BACKWARD"],
    avro: ['"compatibility": "FULL"', '"compatibility": "FORWARD"'],
    finds: ["compatibility-lowered schemas/shop.proto:10:5", "compatibility-lowered schemas/pay.avsc:10:5"],
    exit: 0,
  },
  {
    does: "retries that are switched off",
    proto: ['["1s", "30s"]', "[]"],
    avro: ['["1s"]', "[]"],
    finds: ["retry-emptied schemas/shop.proto:5:10", "retry-emptied schemas/pay.avsc:12:5"],
    exit: 0,
  },
];

const free: readonly (readonly [does: string, old: string, now: string])[] = [
  ["other retry delays", '["1s", "30s"]', '["2s", "30s", "5m"]'],
  ["another owner", '"team-a"', '"team-b"'],
  ["a comment", "message Customer {", "// Who pays.\nmessage Customer {"],
  ["a raised level", "compatibility: FULL", "compatibility: FULL_TRANSITIVE"],
  [
    "one more sensitive mark",
    "string event_id = 1;",
    "string event_id = 1 [(keryx.v1.field) = { sensitive: true }];",
  ],
];

function change(text: string, [old, now]: readonly [string, string]): string {
  expect(text).to.include(old);
  return text.replace(old, now);
}

describe("the delivery policy against a baseline", () => {
  let project: CheckedProject;
  /** One without .proto files, which is judged without a compiler. */
  let avroProject: CheckedProject;
  const start = async (given: Files): Promise<CheckedProject> => {
    const started = await createCheckedProject(given);
    await started.release();
    started.commit();
    return started;
  };
  before(async () => {
    project = await start(files);
    avroProject = await start(avroFiles);
  });
  afterEach(async () => {
    await project.write(files);
    await avroProject.write(avroFiles);
  });

  it("has nothing against a tree without a change", async () => {
    for (const against of ["lock", "git:HEAD"]) {
      const { exit, findings } = await project.check({ against });
      expect([exit, findings]).to.deep.equal([0, []]);
    }
  });

  for (const { does, proto, avro, finds, exit } of cases)
    for (const [format, path, text, edit, found] of [
      [".proto", "schemas/shop.proto", order, proto, finds[0]],
      [".avsc", "schemas/pay.avsc", payment, avro, finds[1]],
    ] as const) {
      if (edit === undefined || found === undefined) continue;
      it(`finds ${does} in ${format}, whether it is compared with the lock file or a commit`, async () => {
        const changed = format === ".avsc" ? avroProject : project;
        await changed.write({ [path]: change(text, edit) });
        const byLock = await changed.check();
        const byGit = await changed.check({ against: "git:HEAD" });
        for (const answer of [byLock, byGit]) {
          expect(summarize(answer.findings).filter((one) => !one.startsWith("wire-"))).to.deep.equal([found]);
          expect(answer.exit).to.equal(exit);
          expect(answer.findings[0]?.advice).to.not.equal("");
        }
        const [finding] = byLock.findings;
        expect(finding?.event).to.be.oneOf(["shop.v1.OrderPlaced", "pay.v1.PaymentCaptured"]);
        expect(finding?.against).to.equal(1);
        expect(byGit.findings[0]?.against).to.equal("git:HEAD");
        if (exit === 0) expect((await changed.check({ strict: true })).exit).to.equal(3);
      });
    }

  for (const [does, old, now] of free)
    it(`leaves ${does} alone`, async () => {
      await project.write({ "schemas/shop.proto": change(order, [old, now]) });
      const { exit, findings } = await project.check({ strict: true });
      expect([exit, findings]).to.deep.equal([0, []]);
    });

  it("lets a sensitive field go together with its mark", async () => {
    await project.write({
      "schemas/shop.proto": change(order, [
        "  string email = 3 [(keryx.v1.field) = { sensitive: true }];",
        '  reserved 3;\n  reserved "email";',
      ]),
    });
    expect(summarize((await project.check()).findings)).to.deep.equal([]);
  });

  it("finds the mark of a record in a union of several, and follows an alias", async () => {
    const other = (card: string): string => `{
  "type": "record", "name": "Paid", "namespace": "p", "keryx": { "topic": "p" },
  "fields": [
    { "name": "by", "type": [
      { "type": "record", "name": "Cash", "fields": [{ "name": "note", "type": "string" }] },
      { "type": "record", "name": "Card", "fields": [
        ${card}
      ] }
    ] }
  ]
}
`;
    const marked = '{ "name": "holder", "type": "string", "keryx": { "sensitive": true } }';
    const union = await createCheckedProject({ "schemas/p.avsc": other(marked) });
    await union.release();
    expect((await union.check()).findings).to.deep.equal([]);
    for (const card of [
      '{ "name": "holder", "type": "string" }',
      '{ "name": "owner", "aliases": ["holder"], "type": "string" }',
    ]) {
      await union.write({ "schemas/p.avsc": other(card) });
      const { findings } = await union.check();
      expect(summarize(findings), card).to.include("sensitive-removed schemas/p.avsc:4:5");
    }
    await union.write({ "schemas/p.avsc": other('{ "name": "number", "type": "string", "default": "" }') });
    expect((await union.check()).findings.filter(({ rule }) => rule === "sensitive-removed")).to.deep.equal(
      [],
    );
  });

  it("takes a mark on the whole of a nested type for a mark on its fields", async () => {
    const marked = change(order, [
      "Customer customer = 4;",
      "Customer customer = 4 [(keryx.v1.field) = { sensitive: true }];",
    ]);
    await project.write({
      "schemas/shop.proto": change(marked, ["name = 1 [(keryx.v1.field) = { sensitive: true }]", "name = 1"]),
    });
    expect((await project.check()).findings).to.deep.equal([]);
  });

  it("finds a message that changed its place in the file", async () => {
    const at = order.indexOf("message Customer");
    const start = order.indexOf("message OrderPlaced");
    const moved = order.slice(0, start) + order.slice(at) + order.slice(start, at);
    await project.write({ "schemas/shop.proto": moved });
    const { exit, findings } = await project.check();
    expect(summarize(findings)).to.deep.equal(["index-changed schemas/shop.proto:7:9"]);
    expect(exit).to.equal(3);
  });

  it("finds an event that is gone, at its block in the lock file, or at the file that a commit had", async () => {
    await project.write({ "schemas/shop.proto": undefined });
    const byLock = await project.check();
    expect([byLock.exit, byLock.findings[0]?.event]).to.deep.equal([3, "shop.v1.OrderPlaced"]);
    expect(summarize(byLock.findings)[0]).to.match(/^event-removed schemas\.lock\.json:\d\d:5$/);
    const byGit = await project.check({ against: "git:HEAD" });
    expect(summarize(byGit.findings)).to.deep.equal(["event-removed schemas/shop.proto:1:1"]);
  });

  it("does not miss an event that the settings name as retired, with the reason, and keeps its history", async () => {
    const settings = 'retired:\n  shop.v1.OrderPlaced: "2026-11: replaced by shop.v2.OrderAccepted"\n';
    await project.write({ "schemas/shop.proto": undefined, "keryx.yaml": settings });
    for (const against of ["lock", "git:HEAD"]) {
      const { exit, findings } = await project.check({ against, strict: true });
      expect([exit, findings]).to.deep.equal([0, []]);
    }
    expect((await project.run("lock", "release")).exit).to.equal(0);
    expect((await project.check({ strict: true })).findings).to.deep.equal([]);
    await project.write({
      "schemas/shop.proto": order.replace("string order_id = 2;", "int64 order_id = 2;"),
    });
    const { exit, findings } = await project.check();
    expect(summarize(findings.filter(({ rule }) => rule !== "registry-incompatible"))).to.deep.equal([
      "retired-present keryx.yaml:2:3",
      "wire-unsafe schemas/shop.proto:16:3",
    ]);
    expect(exit).to.equal(3);
    await project.write({
      "keryx.yaml": "clientId: test\n",
      "schemas.lock.json": project.git("show", "HEAD:schemas.lock.json"),
    });
  });

  it("misses every other event while one is retired", async () => {
    await project.write({
      "schemas/shop.proto": undefined,
      "keryx.yaml": "retired:\n  shop.v1.OrderPlace: typo\n",
    });
    const { exit, findings } = await project.check();
    expect([exit, findings.map(({ rule }) => rule)]).to.deep.equal([3, ["event-removed"]]);
    await project.write({ "keryx.yaml": "clientId: test\n" });
  });

  it("finds an event that lost its option, at the message", async () => {
    const start = order.indexOf("  option (keryx");
    const end = order.indexOf("  };\n") + 5;
    await project.write({ "schemas/shop.proto": order.slice(0, start) + order.slice(end) });
    const { findings } = await project.check({ against: "git:HEAD" });
    expect(summarize(findings)).to.deep.equal(["event-removed schemas/shop.proto:4:1"]);
  });

  it("finds an event that changed its format", async () => {
    await project.write({
      "schemas/shop.proto": undefined,
      "schemas/shop.avsc": payment
        .replace("PaymentCaptured", "OrderPlaced")
        .replace("pay.v1", "shop.v1")
        .replace("payments-lost", "orders-lost")
        .replace('"payments"', '"orders"')
        .replace("payment.captured", "order.placed"),
    });
    const { exit, findings } = await project.check();
    expect(exit).to.equal(3);
    const rules = findings.map(({ rule, kind }) => (kind === null ? rule : `${rule} ${kind}`));
    expect(rules).to.include.members([
      "format-changed",
      "registry-incompatible SCHEMA_TYPE_CHANGED",
      "wire-unsafe SCHEMA_TYPE_CHANGED",
    ]);
    await project.write({ "schemas/shop.avsc": undefined });
  });

  it("points at keryx.yaml where a default of the project changed the policy", async () => {
    const other = await createCheckedProject({
      "keryx.yaml": 'defaults:\n  compatibility: FULL\n  retry:\n    delays: ["1s"]\n',
      "schemas/a.proto": `syntax = "proto3";\npackage a;\nimport "keryx/v1/options.proto";\nmessage A {\n  option (keryx.v1.event) = { topic: "a" };\n  string id = 1;\n}\n`,
    });
    other.commit();
    await other.write({ "keryx.yaml": "defaults:\n  compatibility: NONE\n  retry:\n    delays: []\n" });
    const { exit, findings } = await other.check({ against: "git:HEAD" });
    expect(exit).to.equal(0);
    expect(summarize(findings)).to.deep.equal([
      "compatibility-lowered keryx.yaml:2:3",
      "retry-emptied keryx.yaml:4:5",
    ]);
  });

  it("warns of another subject strategy, and still judges the records that lie under the old subject", async () => {
    const name = "schemas/shop.proto";
    await project.write({
      "keryx.yaml": "topics:\n  orders:\n    subjectStrategy: record-name\n",
      [name]: change(order, ["string order_id = 2;", "int64 order_id = 2;"]),
    });
    const { exit, findings } = await project.check();
    expect(findings.map(({ rule, subject }) => `${rule} ${subject}`)).to.deep.equal([
      "subject-changed shop.v1.OrderPlaced",
      "wire-unsafe orders-value",
    ]);
    expect(exit).to.equal(3);
    await project.write({ "keryx.yaml": "clientId: test\n" });
  });

  it("tells what changed beside the topic, too: the fields are judged against the records under the old subject", async () => {
    const name = "schemas/shop.proto";
    const moved = change(order, ['topic: "orders"', 'topic: "placed-orders"']);
    await project.write({ [name]: change(moved, ["string order_id = 2;", "int64 order_id = 2;"]) });
    for (const against of ["lock", "git:HEAD"]) {
      const { exit, findings } = await project.check({ against });
      expect(findings.map(({ rule, subject, kind }) => `${rule} ${subject} ${kind}`)).to.deep.equal([
        "topic-changed placed-orders-value null",
        "wire-unsafe orders-value TYPE_CHANGED",
      ]);
      expect(exit).to.equal(3);
    }
  });
});
