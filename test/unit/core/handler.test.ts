import { expect } from "chai";
import type { Delivery, Middleware, Outcome } from "../../../src/core/handler.ts";
import { compose } from "../../../src/core/handler.ts";
import { filter } from "../../../src/middleware/filter.ts";
import { timeout } from "../../../src/middleware/timeout.ts";

describe("Composed middleware", () => {
  const said: string[] = [];
  const delivery = {
    event: "x",
    skip: (reason: string): Outcome => ({ kind: "skip", reason }),
  } as Delivery;
  const named =
    (name: string): Middleware =>
    async (_, next) => {
      said.push(name);
      return next();
    };
  const runs = async (step: Middleware): Promise<Outcome> => {
    said.length = 0;
    return step(delivery, async () => {
      said.push("handler");
      return { kind: "done" };
    });
  };
  const sieve = filter(() => {
    said.push("filter");
    return true;
  });

  it("runs its steps from the first, the outermost, to the handler, and gives back what the outermost says", async () => {
    expect(await runs(compose(named("a"), named("b")))).to.deep.equal({ kind: "done" });
    expect(said).to.deep.equal(["a", "b", "handler"]);
    expect(await runs(compose())).to.deep.equal({ kind: "done" });
    expect(
      await runs(compose(named("a"), async () => ({ kind: "skip", reason: "no" }), named("b"))),
    ).to.deep.equal({ kind: "skip", reason: "no" });
    expect(said).to.deep.equal(["a"]);
  });

  it("keeps filters before timeouts and both inside own steps, wherever they are listed and however nested", async () => {
    const lists = [
      [timeout(5), sieve, named("a"), named("b")],
      [sieve, named("a"), timeout(5), named("b")],
      [compose(timeout(5), compose(named("a"), sieve)), named("b")],
    ];
    for (const list of lists) {
      const { parts = [] } = compose(...list);
      expect(parts.map(({ shipped }) => shipped?.kind)).to.deep.equal([
        undefined,
        undefined,
        "filter",
        "timeout",
      ]);
      await runs(compose(...list));
      expect(said).to.deep.equal(["a", "b", "filter", "handler"]);
    }
  });

  it("runs the handler once for a record, however often a step calls `next`", async () => {
    const twice: Middleware = async (_, next) => {
      await next();
      return next();
    };
    const error = await runs(compose(twice)).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "usage");
    expect(said).to.deep.equal(["handler"]);
  });

  it("rejects with what a step throws, also where it throws at once", async () => {
    const broken = (() => {
      throw new TypeError("at once");
    }) as Middleware;
    expect(await runs(compose(named("a"), broken)).catch(String)).to.equal("TypeError: at once");
  });
});

describe("The shipped steps", () => {
  it("filter answers with a skip and its reason where the predicate says no, and waits for it", async () => {
    const next = async (): Promise<Outcome> => ({ kind: "done" });
    const delivery = {
      event: 3,
      skip: (reason: string): Outcome => ({ kind: "skip", reason }),
    } as Delivery<number>;
    const isSmall = filter<number>(async (event, { skip }) => event < 3 && skip !== undefined, "too large");
    expect(await isSmall(delivery, next)).to.deep.equal({ kind: "skip", reason: "too large" });
    expect(await isSmall({ ...delivery, event: 2 }, next)).to.deep.equal({ kind: "done" });
    expect(await filter(() => false)(delivery, next)).to.deep.equal({ kind: "skip", reason: "filtered" });
  });

  it("timeout refuses what is no time", () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => timeout(wrong))
        .to.throw("timeout:")
        .with.property("code", "config_invalid");
  });
});
