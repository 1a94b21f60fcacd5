import { expect } from "chai";
import type { RegisteredPlace } from "../../../src/schema/proto/schema.ts";
import {
  compare,
  complete,
  isCompatible,
  multiset,
  type ProtoText,
} from "../../support/proto-differences.ts";

const user = "message M { lib.Money a = 1; }";

function importing(library: string, place?: RegisteredPlace, text = user): ProtoText {
  const source = {
    text: `syntax = "proto3"; package lib; ${library}`,
    ...(place === undefined ? {} : { place }),
  };
  return {
    text: `syntax = "proto3"; package p; import "lib.proto"; ${text}`,
    imports: { "lib.proto": source },
  };
}

describe("imported messages", () => {
  const money = "message Money { int64 units = 1; string currency = 2; }";
  const changed = "message Money { string units = 1; string currency = 2; int32 nanos = 3; }";

  it("are compared deeply, compatible differences listed, too, below their own path", () => {
    expect(multiset(compare(importing(money), importing(changed)))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
      "!FIELD_SCALAR_KIND_CHANGED #/Money/1",
      "FIELD_ADDED #/Money/3",
    ]);
  });

  it("leave the field alone when they are compatible", () => {
    const more = "message Money { int64 units = 1; string currency = 2; int32 nanos = 3; }";
    expect(multiset(compare(importing(money), importing(more)))).to.deep.equal(["FIELD_ADDED #/Money/3"]);
  });

  it("are not compared where both are of one subject and version", () => {
    const place = { subject: "lib", version: 1 };
    expect(compare(importing(money, place), importing(changed, { ...place }))).to.deep.equal([]);
    for (const other of [{ subject: "lib", version: 2 }, { subject: "other", version: 1 }, undefined]) {
      expect(isCompatible(compare(importing(money, place), importing(changed, other)))).to.equal(false);
      expect(isCompatible(compare(importing(money, other), importing(changed, place)))).to.equal(false);
    }
  });

  it("are not compared where no field has their type", () => {
    const unused = "message M { int32 a = 1; }";
    expect(compare(importing(money, undefined, unused), importing(changed, undefined, unused))).to.deep.equal(
      [],
    );
  });

  it("are one with a local message of their name, when what is in them is", () => {
    const local = `${user.replace("lib.", "")} ${money}`;
    expect(multiset(compare(local, importing(money)))).to.deep.equal(["!MESSAGE_REMOVED #/Money"]);
    expect(multiset(compare(importing(money), local))).to.deep.equal(["MESSAGE_ADDED #/Money"]);
    expect(multiset(compare(local, importing(changed)))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
      "!FIELD_SCALAR_KIND_CHANGED #/Money/1",
      "!MESSAGE_REMOVED #/Money",
      "FIELD_ADDED #/Money/3",
    ]);
  });

  it("are told apart by name, without looking into them", () => {
    const other = importing(
      `${money} message Cash { bool units = 1; }`,
      undefined,
      "message M { lib.Cash a = 1; }",
    );
    expect(multiset(compare(importing(money), other))).to.deep.equal(["!FIELD_NAMED_TYPE_CHANGED #/M/1"]);
  });

  it("are told apart by the names around theirs, and reported below them", () => {
    const nested = (field: string): ProtoText =>
      importing(
        `message Bank { message Money { ${field} } }`,
        undefined,
        "message M { lib.Bank.Money a = 1; }",
      );
    expect(multiset(compare(importing(money), nested("int64 units = 1;")))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
    ]);
    expect(multiset(compare(nested("int64 units = 1;"), nested("float units = 1;")))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
      "!FIELD_SCALAR_KIND_CHANGED #/Bank/Money/1",
    ]);
  });

  it("may come from another package under another path", () => {
    const moved: ProtoText = {
      text: complete('syntax = "proto3"; package p; import "v2/x.proto"; message M { v2.Money a = 1; }'),
      imports: { "v2/x.proto": `syntax = "proto3"; package v2; ${money}` },
    };
    expect(compare(importing(money), moved)).to.deep.equal([]);
  });

  it("are compared with their nested types, their enums and their oneofs", () => {
    const rich = (body: string): ProtoText => importing(`message Money { ${body} }`);
    expect(
      multiset(
        compare(
          rich("enum E { Z = 0; A = 1; } message In { int32 a = 1; } oneof x { int32 a = 1; int32 b = 2; }"),
          rich("enum E { Z = 0; } message In { bool a = 1; } oneof x { int32 a = 1; }"),
        ),
      ),
    ).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
      "!ONEOF_FIELD_REMOVED #/Money/x/2",
      "ENUM_CONST_REMOVED #/Money/E/1",
    ]);
  });

  it("are listed for each field that has their type, and once more inside a map and a oneof", () => {
    const uses = "message M { lib.Money a = 1; map<string, lib.Money> b = 2; oneof x { lib.Money c = 3; } }";
    expect(
      multiset(
        compare(
          importing("message Money { int64 units = 1; }", undefined, uses),
          importing("message Money { float units = 1; }", undefined, uses),
        ),
      ),
    ).to.deep.equal([
      ...[
        "!FIELD_NAMED_TYPE_CHANGED #/M/1",
        "!FIELD_NAMED_TYPE_CHANGED #/M/2",
        "!FIELD_NAMED_TYPE_CHANGED #/M/x/3",
      ],
      ...Array<string>(3).fill("!FIELD_SCALAR_KIND_CHANGED #/Money/1"),
    ]);
  });

  it("end where they hold themselves", () => {
    const tree = (type: string): ProtoText =>
      importing(`message Money { Money a = 1; Twin b = 2; ${type} c = 3; } message Twin { Money a = 1; }`);
    expect(compare(tree("int32"), tree("int32"))).to.deep.equal([]);
    expect(multiset(compare(tree("int32"), tree("string")))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
      "!FIELD_SCALAR_KIND_CHANGED #/Money/3",
    ]);
  });

  it("blame every import on the way to an incompatible one", () => {
    const chain = (last: string): ProtoText => ({
      text: 'syntax = "proto3"; package p; import "1.proto"; message M { C1 a = 1; }',
      imports: {
        "1.proto": 'syntax = "proto3"; package p; import "2.proto"; message C1 { C2 a = 1; }',
        "2.proto": 'syntax = "proto3"; package p; import "3.proto"; message C2 { C3 a = 1; }',
        "3.proto": 'syntax = "proto3"; package p; import "4.proto"; message C3 { C4 a = 1; }',
        "4.proto": 'syntax = "proto3"; package p; import "5.proto"; message C4 { C5 a = 1; }',
        "5.proto": `syntax = "proto3"; package p; message C5 { ${last} a = 1; }`,
      },
    });
    expect(multiset(compare(chain("int32"), chain("float")))).to.deep.equal([
      ...["#/C1/1", "#/C2/1", "#/C3/1", "#/C4/1", "#/M/1"].map((path) => `!FIELD_NAMED_TYPE_CHANGED ${path}`),
      "!FIELD_SCALAR_KIND_CHANGED #/C5/1",
    ]);
  });

  it("have their names looked up in the file that they come from, nested ones, too", () => {
    const files = (type: string): ProtoText => ({
      text: 'syntax = "proto3"; package p; import "lib.proto"; message M { lib.Money a = 1; } message Deep {}',
      imports: {
        "lib.proto":
          'syntax = "proto3"; package lib; import "deep.proto"; message Money { message In { Deep d = 1; } }',
        "deep.proto": `syntax = "proto3"; package lib; message Deep { ${type} a = 1; }`,
      },
    });
    expect(multiset(compare(files("int32"), files("float")))).to.deep.equal([
      ...["#/M/1", "#/Money/In/1"].map((path) => `!FIELD_NAMED_TYPE_CHANGED ${path}`),
      "!FIELD_SCALAR_KIND_CHANGED #/Deep/1",
    ]);
  });

  it("of the well-known files have no differences", () => {
    const known = (field: string): string =>
      `syntax = "proto3"; package p; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto"; message M { ${field} google.protobuf.Struct s = 8; google.protobuf.Timestamp t = 9; }`;
    expect(multiset(compare(known(""), known("google.protobuf.Value v = 1;")))).to.deep.equal([
      "FIELD_ADDED #/M/1",
    ]);
    expect(
      multiset(compare(known("google.protobuf.Value v = 1;"), known("google.protobuf.Timestamp v = 1;"))),
    ).to.deep.equal(["!FIELD_NAMED_TYPE_CHANGED #/M/1"]);
  });

  it("are followed by every rule set", () => {
    for (const dialect of ["confluent-7.0.0", "confluent-7.4.0", "confluent-8"])
      expect(isCompatible(compare(importing(money), importing(changed), dialect)), dialect).to.equal(false);
  });
});

describe("type names that mean nothing", () => {
  const older = "message M { gone.Money a = 1; }";

  it("are compared as text", () => {
    expect(compare(older, older)).to.deep.equal([]);
    expect(compare(older, "message M { .gone.Money a = 1; }")).to.deep.equal([]);
    expect(multiset(compare(older, "message M { gone.Cash a = 1; }"))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
    ]);
  });

  it("are compared as text where one of the two is known", () => {
    const known = { text: 'syntax = "proto3"; package p; import "g.proto"; message M { gone.Money a = 1; }' };
    const library = 'syntax = "proto3"; package gone; message Money {}';
    expect(compare(older, { ...known, imports: { "g.proto": library } })).to.deep.equal([]);
    expect(
      multiset(compare({ ...known, imports: { "g.proto": library } }, "message M { Money a = 1; }")),
    ).to.deep.equal(["!FIELD_NAMED_TYPE_CHANGED #/M/1"]);
  });
});
