import { expect } from "chai";
import { formatLock, type Lock, type LockedEvent } from "../../../../codegen/model/lock.ts";
import { mergeLocks } from "../../../../codegen/model/lock-merge.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import { contractOf, versionOf } from "../../../support/locks.ts";

const lockOf = (events: Readonly<Record<string, LockedEvent>>): Lock => ({
  events: new Map(Object.entries(events)),
});
const eventOf = (...schemas: readonly string[]): LockedEvent => ({
  released: contractOf("s-value"),
  versions: schemas.map((schema) => versionOf(schema)),
});
const schemasOf = (lock: Lock, event = "a.A"): readonly string[] =>
  lock.events.get(event)?.versions.map((one) => one.schema) ?? [];

describe("merging lock files", () => {
  it("keeps the events of both sides", () => {
    const merged = mergeLocks({
      ours: lockOf({ "a.A": eventOf("1") }),
      theirs: lockOf({ "b.B": eventOf("2") }),
    });
    expect([...merged.events.keys()]).to.deep.equal(["a.A", "b.B"]);
  });

  it("takes the side that has released something", () => {
    const base = lockOf({ "a.A": eventOf("1") });
    const released = lockOf({ "a.A": eventOf("1", "2") });
    expect(schemasOf(mergeLocks({ base, ours: base, theirs: released }))).to.deep.equal(["1", "2"]);
    expect(schemasOf(mergeLocks({ base, ours: released, theirs: base }))).to.deep.equal(["1", "2"]);
  });

  it("puts the versions of both behind those that both know, each once", () => {
    const base = lockOf({ "a.A": eventOf("1") });
    const ours = lockOf({ "a.A": eventOf("1", "2", "both") });
    const theirs = lockOf({ "a.A": eventOf("1", "3", "both") });
    expect(schemasOf(mergeLocks({ base, ours, theirs }))).to.deep.equal(["1", "2", "both", "3"]);
    expect(schemasOf(mergeLocks({ ours, theirs }))).to.deep.equal(["1", "2", "both", "3"]);
  });

  it("learns from one side what a registry told it", () => {
    const known = versionOf("1", { id: 5, version: 1 });
    const ours = lockOf({ "a.A": eventOf("1", "2") });
    const theirs = lockOf({ "a.A": { ...eventOf(), versions: [known, versionOf("3")] } });
    expect(mergeLocks({ ours, theirs }).events.get("a.A")?.versions[0]).to.deep.equal(known);
    expect(mergeLocks({ ours: theirs, theirs: ours }).events.get("a.A")?.versions[0]).to.deep.equal(known);
  });

  it("keeps apart what was released under different subjects", () => {
    const ours = lockOf({ "a.A": eventOf("1", "2") });
    const theirs = lockOf({
      "a.A": {
        released: contractOf("t-value"),
        versions: [versionOf("1", { subject: "s-value" }), versionOf("1")],
      },
    });
    const merged = mergeLocks({ ours, theirs }).events.get("a.A");
    expect(merged?.versions.map((one) => [one.schema, one.subject])).to.deep.equal([
      ["1", undefined],
      ["2", undefined],
      ["1", "t-value"],
    ]);
  });

  it("leaves out what one side took out, unless the other has released it since", () => {
    const base = lockOf({ "a.A": eventOf("1"), "b.B": eventOf("1") });
    const ours = lockOf({ "b.B": eventOf("1") });
    expect([...mergeLocks({ base, ours, theirs: base }).events.keys()]).to.deep.equal(["b.B"]);
    const theirs = lockOf({ "a.A": eventOf("1", "2"), "b.B": eventOf("1") });
    expect(schemasOf(mergeLocks({ base, ours, theirs }))).to.deep.equal(["1", "2"]);
  });

  it("keeps our drafts, which are written anew, and one of theirs for an event that is new there", () => {
    const draft = (schema: string) => ({ ...contractOf("s-value"), schema: versionOf(schema) });
    const base = lockOf({ "a.A": { versions: [], draft: draft("0") } });
    const ours = lockOf({ "a.A": { versions: [], draft: draft("1") } });
    const theirs = lockOf({
      "a.A": { ...eventOf("9"), draft: draft("2") },
      "b.B": { versions: [], draft: draft("3") },
    });
    const merged = mergeLocks({ base, ours, theirs });
    expect(schemasOf(merged)).to.deep.equal(["9"]);
    expect(merged.events.get("a.A")?.draft?.schema.schema).to.equal("1");
    expect(merged.events.get("b.B")?.draft?.schema.schema).to.equal("3");
  });

  it("gives the same again from its own text", () => {
    const ours = lockOf({ "a.A": eventOf("1", "2") });
    const merged = mergeLocks({ ours, theirs: lockOf({ "a.A": eventOf("1", "3") }) });
    expect(parseLock(formatLock(merged), "f")).to.deep.equal({ lock: merged, diagnostics: [] });
    expect(mergeLocks({ ours: merged, theirs: merged })).to.deep.equal(merged);
  });
});
