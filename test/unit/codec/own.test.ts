import { expect } from "chai";
import { checkDepth, createList, createMap, unknownKind } from "../../../src/codec/create.ts";
import { mapOf, own, setOwn } from "../../../src/codec/own.ts";

describe("own properties", () => {
  it("define __proto__ instead of assigning it, and leave the prototype alone", () => {
    const map = mapOf([
      ["__proto__", "x"],
      ["a", "y"],
    ]);
    expect(Object.keys(map)).deep.equals(["__proto__", "a"]);
    expect(Object.getPrototypeOf(map)).equals(Object.prototype);
    setOwn(map, "__proto__", "z");
    expect(Object.entries(map)).deep.equals([
      ["__proto__", "z"],
      ["a", "y"],
    ]);
  });

  it("count what a prototype offers as absent", () => {
    const polluted: { name?: string } = Object.create({ name: "from the prototype" });
    expect(own(polluted, "name")).equals(undefined);
    expect(own({ name: "own" }, "name")).equals("own");
    for (const value of [undefined, null, 5])
      expect(own(value as unknown as { a: 1 }, "a")).equals(undefined);
  });
});

describe("completing an init value", () => {
  it("completes each item of a list and each own value of a map", () => {
    expect(createList([1, 2], "list", (item) => item * 2)).deep.equals([2, 4]);
    const map = createMap(mapOf([["__proto__", 1]]), "map", (item) => item + 1);
    expect(Object.entries(map)).deep.equals([["__proto__", 2]]);
  });

  it("refuses what is no list, no object, of no known kind, or nested deeper than anybody may write", () => {
    const id = (item: unknown): unknown => item;
    expect(() => createList({} as unknown as [], "r.list", id)).throws(
      "[encode_failed] r.list: expected a list",
    );
    expect(() => createMap(null as unknown as Record<string, 1>, "r.map", id)).throws(
      "r.map: expected an object",
    );
    expect(unknownKind("r.union").message).contains("r.union");
    checkDepth(299, "r");
    expect(() => checkDepth(300, "r")).throws("nested deeper than 300");
  });
});
