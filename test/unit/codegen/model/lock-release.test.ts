import { expect } from "chai";
import { formatLock, type LockedEvent, type LockedReference } from "../../../../codegen/model/lock.ts";
import { parseLock } from "../../../../codegen/model/lock-parse.ts";
import {
  historyOf,
  isSameWire,
  type RegisteredWire,
  releaseDraft,
  releaseEvents,
} from "../../../../codegen/model/lock-release.ts";
import { contractOf, versionOf } from "../../../support/locks.ts";

const draftOf = (
  schema: string,
  references: readonly LockedReference[] = [],
  subject = "s-value",
): LockedEvent["draft"] => ({
  ...contractOf(subject),
  schema: versionOf(schema, { references }),
});
const withDraft = (
  event: LockedEvent,
  schema: string,
  references?: readonly LockedReference[],
  subject?: string,
): LockedEvent => {
  const draft = draftOf(schema, references, subject);
  return { ...event, ...(draft === undefined ? {} : { draft }) };
};
const fresh: LockedEvent = { versions: [] };
const reference = (schema: string, rest: Partial<LockedReference> = {}): LockedReference => ({
  ...{ name: "m.proto", subject: "m.proto", schema, references: [] },
  ...rest,
});
const registered = (version: number, rest: Partial<RegisteredWire> = {}): RegisteredWire => ({
  ...{ id: 10 + version, version, references: [] },
  ...rest,
});

describe("releasing a draft", () => {
  it("makes it the first version, and its policy the one that was promised", () => {
    const { kind, event, version } = releaseDraft(withDraft(fresh, "a"));
    expect(kind).to.equal("released");
    expect(event.versions).to.deep.equal([versionOf("a")]);
    expect(event.released).to.deep.equal(contractOf("s-value"));
    expect(event.draft).to.deep.equal(draftOf("a"));
    expect(version).to.equal(event.versions[0]);
  });

  it("adds a version for another text or another text of an import, behind those that are there", () => {
    const first = releaseDraft(withDraft(fresh, "a", [reference("x")])).event;
    const second = releaseDraft(withDraft(first, "b", [reference("x")])).event;
    const third = releaseDraft(withDraft(second, "b", [reference("y")])).event;
    expect(third.versions.map((one) => [one.schema, one.references[0]?.schema])).to.deep.equal([
      ["a", "x"],
      ["b", "x"],
      ["b", "y"],
    ]);
    expect(third.versions.slice(0, 2)).to.deep.equal(second.versions);
  });

  it("changes nothing the second time", () => {
    const once = releaseDraft(withDraft(fresh, "a")).event;
    const twice = releaseDraft(once);
    expect(twice.kind).to.equal("same");
    expect(twice.event).to.equal(once);
  });

  it("makes no version for a changed policy", () => {
    const once = releaseDraft(withDraft(fresh, "a")).event;
    const draft = { ...contractOf("s-value", { owner: "me" }), schema: versionOf("a") };
    const { kind, event } = releaseDraft({ ...once, draft });
    expect(kind).to.equal("updated");
    expect(event.versions).to.deep.equal(once.versions);
    expect(event.released?.policy.owner).to.equal("me");
  });

  it("makes no version for a text that the history has already, as a registry does", () => {
    const two = releaseDraft(withDraft(releaseDraft(withDraft(fresh, "a")).event, "b")).event;
    const { kind, event, version } = releaseDraft(withDraft(two, "a"));
    expect([kind, version?.schema]).to.deep.equal(["same", "a"]);
    expect(event.versions.map((one) => one.schema)).to.deep.equal(["a", "b"]);
  });

  it("has nothing to do for an event that is gone from the schemas", () => {
    const { draft: _, ...gone } = releaseDraft(withDraft(fresh, "a")).event;
    expect(releaseDraft(gone)).to.deep.equal({ kind: "same", event: gone, isElsewhere: false });
  });

  describe("that a registry knows", () => {
    const guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d";

    it("writes down id, version, GUID, and the versions of its imports", () => {
      const references = [reference("x", { version: 4 })];
      const { event } = releaseDraft(
        withDraft(fresh, "a", [reference("x")]),
        registered(1, { guid, references }),
      );
      expect(event.versions).to.deep.equal([versionOf("a", { id: 11, version: 1, guid, references })]);
    });

    it("fills in what an earlier release did not know", () => {
      const before = releaseDraft(withDraft(fresh, "a")).event;
      const { kind, event } = releaseDraft(before, registered(1));
      expect([kind, event.versions]).to.deep.equal(["updated", [versionOf("a", { id: 11, version: 1 })]]);
      expect(releaseDraft(event, registered(1)).kind).to.equal("same");
    });

    it("keeps what another registry gave, and says so", () => {
      const before = releaseDraft(withDraft(fresh, "a"), registered(1)).event;
      for (const other of [registered(2), registered(1, { id: 99 })]) {
        const { kind, event, isElsewhere } = releaseDraft(before, other);
        expect([kind, isElsewhere]).to.deep.equal(["same", true]);
        expect(event).to.equal(before);
      }
    });

    it("lets a later release without a registry use the versions of imports that have not changed", () => {
      const references = [reference("x", { version: 4 }), reference("z", { subject: "z.proto" })];
      const before = releaseDraft(withDraft(fresh, "a", references), registered(1, { references })).event;
      const drafted = [reference("x"), reference("z2", { subject: "z.proto" })];
      const { version } = releaseDraft(withDraft(before, "b", drafted));
      expect(version?.references).to.deep.equal([reference("x", { version: 4 }), drafted[1]]);
    });
  });

  describe("under another subject", () => {
    const first = releaseDraft(withDraft(fresh, "a"), registered(3)).event;
    const moved = releaseDraft(withDraft(first, "a", [], "t-value")).event;

    it("begins a history of its own, and the older versions say where they stand", () => {
      expect(moved.released?.subject).to.equal("t-value");
      expect(moved.versions.map((one) => [one.subject, one.version])).to.deep.equal([
        ["s-value", 3],
        [undefined, undefined],
      ]);
      expect(historyOf(moved, "s-value")).to.deep.equal([
        { ...versionOf("a", { id: 13, version: 3 }), subject: "s-value", format: "avro" },
      ]);
      expect(historyOf(moved, "t-value")).to.deep.equal([
        { ...versionOf("a"), subject: "t-value", format: "avro" },
      ]);
      expect(historyOf(fresh, "t-value")).to.deep.equal([]);
    });

    it("goes on with the old history when it comes back", () => {
      const back = releaseDraft(withDraft(moved, "a")).event;
      expect(back.versions.map((one) => one.subject)).to.deep.equal([undefined, "t-value"]);
      expect(historyOf(back, "s-value")[0]).to.include({ version: 3 });
    });

    it("comes back from the file's text as it was", () => {
      const lock = { events: new Map([["a.A", moved]]) };
      expect(parseLock(formatLock(lock), "f")).to.deep.equal({ lock, diagnostics: [] });
    });
  });

  it("is done for the named events only", () => {
    const lock = { events: new Map(["a.A", "b.B"].map((name) => [name, withDraft(fresh, name)])) };
    const { lock: after, releases } = releaseEvents(lock, [["b.B"], ["c.C"]]);
    expect([...releases.keys()]).to.deep.equal(["b.B"]);
    expect(after.events.get("a.A")).to.equal(lock.events.get("a.A"));
    expect(after.events.get("b.B")?.versions).to.have.length(1);
  });

  it("tells schemas apart by text, order and place of their imports, at every depth", () => {
    const base = versionOf("a", { references: [reference("x", { references: [reference("y")] })] });
    expect(isSameWire(base, structuredClone(base))).to.equal(true);
    expect(
      isSameWire(base, {
        ...base,
        references: [reference("x", { version: 7, references: [reference("y")] })],
      }),
    ).to.equal(true);
    const others: readonly (readonly LockedReference[])[] = [
      [],
      [reference("x", { references: [reference("y2")] })],
      [reference("x", { name: "n.proto", references: [reference("y")] })],
      [reference("x", { subject: "n.proto", references: [reference("y")] })],
      [...base.references, reference("z")],
    ];
    for (const references of others) expect(isSameWire(base, { ...base, references })).to.equal(false);
    expect(isSameWire(base, { ...versionOf("b"), references: base.references })).to.equal(false);
  });
});
