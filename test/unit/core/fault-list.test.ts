import { expect } from "chai";
import { createFaultList } from "../../../src/core/fault-list.ts";
import { createManualClock } from "../../support/manual-clock.ts";

type Effect =
  | { readonly kind: "refuse" }
  | { readonly kind: "hold" }
  | { readonly kind: "delay"; readonly delayMs: number };

describe("a list of faults", () => {
  const clock = createManualClock();
  const create = () =>
    createFaultList<{ readonly path?: string; readonly nth?: number }, Effect, string>(
      clock,
      ({ path }, target) => path === undefined || path === target,
    );
  const isOver = async (passed: Promise<void> | undefined): Promise<boolean> =>
    Promise.race([passed?.then(() => true) ?? true, new Promise<boolean>((end) => setImmediate(end, false))]);

  it("uses faults in the order in which they were put in place, each as often as it says", () => {
    const faults = create();
    faults.inject({ path: "/a" }, { kind: "refuse" });
    faults.inject({}, { kind: "hold" }, { times: 2 });
    const kinds = ["/a", "/b", "/a", "/a"].map((path) => faults.take(path)?.effect.kind);
    expect(kinds).to.deep.equal(["refuse", "hold", "hold", undefined]);
  });

  it("counts for nth only what matches", () => {
    const faults = create();
    faults.inject({ path: "/a", nth: 2 }, { kind: "refuse" });
    expect(["/a", "/b", "/a"].map((path) => faults.take(path) !== undefined)).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  it("tells which faults never fired, and forgets all of them when it is cleared", () => {
    const faults = create();
    const used = faults.inject({ path: "/a" }, { kind: "refuse" });
    faults.inject({ path: "/b" }, { kind: "refuse" });
    faults.take("/a");
    expect(used.hits).to.equal(1);
    expect(faults.unused()).to.deep.equal([{ match: { path: "/b" }, effect: { kind: "refuse" } }]);
    faults.clear();
    expect([faults.unused(), faults.take("/b")]).to.deep.equal([[], undefined]);
  });

  it("ends a delay on its clock, or at once when it is released or cleared", async () => {
    const faults = create();
    const delayed = { kind: "delay", delayMs: 1_000 } as const;
    const first = faults.inject({}, delayed);
    const one = faults.take("/a");
    expect(await isOver(one?.passed)).to.equal(false);
    first.release();
    expect(await isOver(one?.passed)).to.equal(true);
    faults.inject({}, delayed, { times: 2 });
    const two = faults.take("/a");
    await clock.advance(1_000);
    expect(await isOver(two?.passed)).to.equal(true);
    const three = faults.take("/a");
    faults.clear();
    expect(await isOver(three?.passed)).to.equal(true);
  });
});
