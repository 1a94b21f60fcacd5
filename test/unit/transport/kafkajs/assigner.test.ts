import { expect } from "chai";
import fc from "fast-check";
import { spread } from "../../../../src/transport/kafkajs/consumer/assigner.ts";

const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 });

describe("the assignor", () => {
  it("gives each member only topics that it subscribed to", () => {
    const assigned = spread(
      [
        ["orders", 2],
        ["users", 1],
      ],
      [
        ["m1", new Set(["orders"])],
        ["m2", new Set(["users"])],
      ],
    );
    expect([...(assigned.get("m1") ?? [])]).to.deep.equal([["orders", [0, 1]]]);
    expect([...(assigned.get("m2") ?? [])]).to.deep.equal([["users", [0]]]);
  });

  it("gives every partition of a subscribed topic to exactly one of its subscribers, evenly where subscriptions are equal", () => {
    const member = fc.tuple(
      fc.uuid(),
      names.map((topics) => new Set(topics)),
    );
    const topics = names.chain((all) =>
      fc.tuple(...all.map((topic) => fc.tuple(fc.constant(topic), fc.integer({ min: 1, max: 9 })))),
    );
    fc.assert(
      fc.property(
        topics,
        fc.uniqueArray(member, { minLength: 1, maxLength: 5, selector: ([id]) => id }),
        (wanted, members) => {
          const assigned = spread(wanted, members);
          for (const [topic, partitions] of wanted) {
            const readers = members.filter(([, subscribed]) => subscribed.has(topic));
            const given = members.flatMap(([id, subscribed]) => {
              const own = assigned.get(id)?.get(topic) ?? [];
              expect(own.length === 0 || subscribed.has(topic)).to.equal(true);
              return own;
            });
            const expected =
              readers.length === 0 ? [] : Array.from({ length: partitions }, (_, index) => index);
            expect(given.sort((a, b) => a - b)).to.deep.equal(expected);
          }
          const isEqual = members.every(([, subscribed]) => wanted.every(([topic]) => subscribed.has(topic)));
          const loads = members.map(([id]) => [...(assigned.get(id)?.values() ?? [])].flat().length);
          if (isEqual) expect(Math.max(...loads) - Math.min(...loads)).to.be.at.most(1);
        },
      ),
    );
  });
});
