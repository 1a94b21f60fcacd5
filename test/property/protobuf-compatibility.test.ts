import { expect } from "chai";
import fc from "fast-check";
import { compare, multiset } from "../support/proto-differences.ts";

const dialects = ["confluent-7.0.0", "confluent-7.4.0", "confluent-8", "confluent-head"];

interface Shape {
  readonly fields: readonly { readonly type: string; readonly oneof: string }[];
  readonly values: readonly number[];
}

const types = ["int32", "string", "Inner", "E", "map<string, Inner>", "google.protobuf.Timestamp", "M"];
const shapes: fc.Arbitrary<Shape> = fc.record({
  fields: fc.array(fc.record({ type: fc.constantFrom(...types), oneof: fc.constantFrom("", "", "x", "y") }), {
    maxLength: 12,
  }),
  values: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
});

/** The text of a shape, with the fields outside of oneofs, the members of oneofs and the values of the enum in any order. */
function print({ fields, values }: Shape, order: readonly number[]): string {
  const shuffled = fields
    .map(({ type, oneof }, index) => {
      const inside = type.startsWith("map") ? "" : oneof;
      return { oneof: inside, text: `${type} f${index} = ${index + 1};`, place: order[index] ?? 0 };
    })
    .sort((a, b) => a.place - b.place);
  const of = (oneof: string): string =>
    shuffled.flatMap((one) => (one.oneof === oneof ? [one.text] : [])).join(" ");
  const oneofs = ["x", "y"].flatMap((name) => (of(name) === "" ? [] : [`oneof ${name} { ${of(name)} }`]));
  const parts = [of(""), ...oneofs];
  if ((order[0] ?? 0) % 2 === 0) parts.reverse();
  const constants = values
    .map((value, index) => ({ text: `V${value} = ${value};`, place: order[index] ?? 0 }))
    .sort((a, b) => a.place - b.place);
  return `syntax = "proto3"; package p; import "google/protobuf/timestamp.proto"; message M { ${parts.join(" ")} message Inner { M m = 1; } enum E { Z = 0; ${constants.map(({ text }) => text).join(" ")} } }`;
}

const orders = fc.array(fc.nat(100), { minLength: 12, maxLength: 12 });
const still = Array<number>(12).fill(0);

describe("Protobuf schemas of any shape", () => {
  it("have no difference against themselves, in whatever order their fields are written", () => {
    fc.assert(
      fc.property(shapes, orders, fc.constantFrom(...dialects), (shape, order, dialect) => {
        expect(compare(print(shape, still), print(shape, order), dialect)).to.deep.equal([]);
      }),
    );
  });

  it("differ alike in whatever order their fields are written", () => {
    fc.assert(
      fc.property(
        shapes,
        shapes,
        orders,
        orders,
        fc.constantFrom(...dialects),
        (a, b, one, other, dialect) => {
          const plain = compare(print(a, still), print(b, still), dialect);
          const shuffled = compare(print(a, one), print(b, other), dialect);
          expect(multiset(shuffled)).to.deep.equal(multiset(plain));
        },
      ),
    );
  });

  it("are told about at places that one of the two has", () => {
    fc.assert(
      fc.property(shapes, shapes, fc.constantFrom(...dialects), (a, b, dialect) => {
        for (const { path, message } of compare(print(a, still), print(b, still), dialect)) {
          expect(path).to.match(/^#\/M(\/E)?(\/[xy])?(\/\d+)?$/);
          expect(message).to.match(/^[A-Z0-9].*\.$/);
        }
      }),
    );
  });
});
