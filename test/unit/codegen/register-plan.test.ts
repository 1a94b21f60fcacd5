import { expect } from "chai";
import {
  collectTexts,
  planRegistration,
  type SubjectFacts,
  type WireText,
} from "../../../codegen/register-plan.ts";
import { buildTree } from "../../support/schema-tree.ts";

const record = (name: string): string =>
  JSON.stringify({ type: "record", name: `p.${name}`, keryx: { topic: "t" }, fields: [] });
const text = (subject: string, rest: Partial<WireText> = {}): WireText => ({
  ...{ subject, name: subject, type: "AVRO", schema: '"string"', references: [] },
  ...rest,
});
const event = text("e-value", { name: "p.E", level: "FULL" });
const placed = { subject: "e-value", version: 2, id: 9 };
const plan = (texts: readonly WireText[], facts: Readonly<Record<string, SubjectFacts>>) =>
  planRegistration(texts, new Map(Object.entries(facts)), new Map([["i", new Set([3])]]));

describe("planning registrations", () => {
  it("refuses two texts for one subject, with the names of both", async () => {
    const settings = { topics: { t: { subjectStrategy: "topic-name" } } } as const;
    const { model } = await buildTree({ "a.avsc": record("A"), "b.avsc": record("B") }, settings);
    expect(collectTexts(model.events)).to.deep.include({
      refusals: [{ kind: "claimed-twice", subject: "t-value", names: ["p.A", "p.B"] }],
    });
  });

  it("sets a level for an empty subject that has none, and only there", () => {
    const steps = (facts: SubjectFacts) => plan([event], { "e-value": facts }).steps.map(({ kind }) => kind);
    expect(steps({ versions: [] })).to.deep.equal(["set-level", "register"]);
    expect(steps({ versions: [], ownLevel: "FULL" })).to.deep.equal(["register"]);
    expect(steps({ versions: [1] })).to.deep.equal(["register"]);
    expect(steps({ versions: [1, 2], placed })).to.deep.equal(["keep"]);
  });

  it("says nothing about a level that is in force as declared, wherever it is set", () => {
    for (const from of ["subject", "global"] as const) {
      const same = { "e-value": { versions: [1], levelInForce: { level: "FULL", from } as const } };
      expect(plan([event], same).notes).to.deep.equal([]);
      const other = { "e-value": { versions: [1], levelInForce: { level: "NONE", from } as const } };
      expect(plan([event], other).notes).to.have.length(1);
    }
  });

  it("notes an import that is behind, or ahead of what this project knows", () => {
    const notes = (facts: SubjectFacts) => plan([text("i")], { i: facts }).notes;
    expect(notes({ versions: [] })).to.deep.equal([]);
    expect(notes({ versions: [1, 2], placed: { ...placed, subject: "i" } })).to.deep.equal([]);
    expect(notes({ versions: [1, 2, 3], placed: { ...placed, subject: "i" } })).to.deep.equal([
      { kind: "import-behind", subject: "i", version: 2, newest: 3 },
    ]);
    expect(notes({ versions: [1, 2, 3] })).to.deep.equal([]);
    expect(notes({ versions: [4] })).to.deep.equal([{ kind: "import-unseen", subject: "i", newest: 4 }]);
  });

  it("knows which texts the registry could not be asked about yet", () => {
    const isChecked = (facts: SubjectFacts) =>
      plan([event], { "e-value": facts }).steps.flatMap((step) =>
        step.kind === "register" ? [step.isChecked] : [],
      );
    expect(isChecked({ versions: [] })).to.deep.equal([true]);
    expect(isChecked({ versions: [1] })).to.deep.equal([false]);
    expect(isChecked({ versions: [1], verdict: { compatible: true, messages: [] } })).to.deep.equal([true]);
  });

  it("refuses what the registry would not take", () => {
    const verdict = { compatible: false, messages: ["no"] };
    expect(plan([event], { "e-value": { versions: [1], verdict } }).refusals).to.deep.equal([
      { kind: "incompatible", subject: "e-value", name: "p.E", messages: ["no"] },
    ]);
  });
});
