import { expect } from "chai";
import { emptyLock, formatLock, updateLock } from "../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import type { SubjectStrategy } from "../../../../codegen/model/policy.ts";
import { decideSubjects, type SubjectClaim } from "../../../../codegen/model/subjects.ts";
import { buildTree } from "../../../support/schema-tree.ts";

const claim = (name: string, strategy?: SubjectStrategy): SubjectClaim => ({
  name,
  at: { file: `${name}.avsc`, line: 3, column: 5 },
  isRegistered: true,
  strategy: strategy && { value: strategy, from: { kind: "config", path: "topics.t.subjectStrategy" } },
});

const subjects = (...given: Parameters<typeof decideSubjects>): readonly (readonly [string, string])[] =>
  decideSubjects(...given).subjects.map((one) => [one.value, one.from.kind] as const);

describe("subjects", () => {
  it("are named after the topic where it has one event, and after topic and event where it has several", () => {
    expect(subjects("t", [claim("a.A")], [])).to.deep.equal([["t-value", "default"]]);
    expect(subjects("t", [claim("a.A"), claim("a.B")], [])).to.deep.equal([
      ["t-a.A", "default"],
      ["t-a.B", "default"],
    ]);
  });

  it("follow the strategy that keryx.yaml names, whatever the lock file says", () => {
    const locked = [{ name: "a.A", subject: "t-value" }];
    for (const [strategy, subject] of [
      ["topic-name", "t-value"],
      ["record-name", "a.A"],
      ["topic-record-name", "t-a.A"],
    ] as const) {
      const decided = decideSubjects("t", [claim("a.A", strategy), claim("a.B", strategy)], locked);
      expect(decided.diagnostics).to.deep.equal([]);
      expect(decided.subjects[0]).to.deep.include({ value: subject });
    }
  });

  it("stay as they are in the lock file when events come and go on a topic of several", () => {
    const locked = [
      { name: "a.A", subject: "t-a.A" },
      { name: "a.B", subject: "t-a.B" },
    ];
    expect(subjects("t", [claim("a.A")], locked)).to.deep.equal([["t-a.A", "lock"]]);
    expect(subjects("t", [claim("a.A"), claim("a.C")], locked)).to.deep.equal([
      ["t-a.A", "lock"],
      ["t-a.C", "lock"],
    ]);
    expect(subjects("t", [claim("a.A")], [{ name: "a.A", subject: "a.A" }])).to.deep.equal([["a.A", "lock"]]);
  });

  it("are asked for when a topic that was single gets its second event, with what each choice does", () => {
    const { diagnostics } = decideSubjects(
      "t",
      [claim("a.A"), claim("a.B")],
      [{ name: "a.A", subject: "t-value" }],
    );
    expect(diagnostics.map((one) => [one.rule, one.severity, one.file])).to.deep.equal([
      ["subject-strategy-undecided", "error", "a.B.avsc"],
    ]);
    for (const choice of ["`topic-record-name`", "`record-name`", "`topic-name`", "keryx.yaml"])
      expect(diagnostics[0]?.help).to.contain(choice);
    expect(diagnostics[0]?.message).to.contain("a.A");
  });

  it("are asked for through the whole path: a released event, then a second file on its topic", async () => {
    const avro = (name: string): string =>
      JSON.stringify({ type: "record", name, keryx: { topic: "t" }, fields: [] });
    const first = await buildTree({ "a.avsc": avro("a.A") });
    const { lock } = parseLock(formatLock(updateLock(emptyLock, first.model)), "schemas.lock.json");
    const files = { "a.avsc": avro("a.A"), "b.avsc": avro("a.B") };
    const asked = await buildTree(files, {}, lock);
    expect(asked.diagnostics.map((one) => [one.rule, one.file])).to.deep.equal([
      ["subject-strategy-undecided", "b.avsc"],
    ]);
    const settings = { topics: { t: { subjectStrategy: "topic-record-name" as const } } };
    const chosen = await buildTree(files, settings, lock);
    expect(chosen.diagnostics).to.deep.equal([]);
    expect(chosen.model.events.map((event) => event.options.subject.value)).to.deep.equal(["t-a.A", "t-a.B"]);
    // Once it is locked, the choice need not be repeated.
    const relocked = updateLock(lock, chosen.model);
    expect((await buildTree(files, {}, relocked)).diagnostics).to.deep.equal([]);
  });
});
