import { expect } from "chai";
import fc from "fast-check";
import { createFifo } from "../../../src/core/fifo.ts";

describe("a first-in first-out queue", () => {
  it("gives what an array gives, over any mixture of long runs", () => {
    const step = fc.tuple(fc.constantFrom("push", "shift", "clear"), fc.integer({ min: 1, max: 3_000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const queue = createFifo<number>();
        let model: number[] = [];
        let next = 0;
        for (const [kind, times] of steps) {
          if (kind === "clear") {
            queue.clear();
            model = [];
          }
          for (let i = 0; kind !== "clear" && i < times; i++) {
            if (kind === "push") {
              queue.push(next);
              model.push(next++);
            } else if (queue.shift() !== model.shift()) return false;
          }
          if (queue.size() !== model.length || queue.peek() !== model[0]) return false;
        }
        return true;
      }),
    );
  });

  it("has nothing to take when it is empty, and works on afterwards", () => {
    const queue = createFifo<string>();
    expect([queue.shift(), queue.peek(), queue.size()]).to.deep.equal([undefined, undefined, 0]);
    queue.push("a");
    expect([queue.shift(), queue.size()]).to.deep.equal(["a", 0]);
  });
});

describe("a queue that is long", () => {
  it("keeps its order and forgets what was taken", () => {
    const fifo = createFifo<number>();
    let taken = 0;
    for (let i = 0; i < 10_000; i++) {
      fifo.push(i);
      if (i % 3 > 0) {
        expect(fifo.peek()).to.equal(taken++);
        fifo.shift();
      }
    }
    expect(fifo.size()).to.equal(10_000 - taken);
    for (; taken < 10_000; taken++) {
      expect(fifo.peek()).to.equal(taken);
      fifo.shift();
    }
    expect(fifo.size()).to.equal(0);
    expect(fifo.peek()).to.equal(undefined);
  });
});
