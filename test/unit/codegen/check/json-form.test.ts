import { expect } from "chai";
import { type AvroJsonStyle, avroJsonForm } from "../../../../codegen/check/json-form/avro.ts";
import { protobufJsonForm } from "../../../../codegen/check/json-form/protobuf.ts";
import { type JsonForm, jsonBreaks } from "../../../../codegen/check/json-form.ts";
import { parseWire } from "../../../../codegen/check/parse.ts";
import type { Direction } from "../../../../src/compatibility/difference.ts";

const proto = `syntax = "proto3";
package shop.v1;
message Order {
  string order_id = 1;
  Line line = 2;
  repeated Line lines = 3;
  map<string, Line> by_sku = 4;
  Status status = 5;
  bool is_paid = 6;
  bytes proof = 7;
  repeated string notes = 8;
  int64 total = 9;
}
message Line {
  string sku = 1;
  Line parent = 2;
}
enum Status {
  option allow_alias = true;
  STATUS_UNKNOWN = 0;
  STATUS_OPEN = 1;
  STATUS_NEW = 1;
}
`;

const avro = `{ "type": "record", "name": "Order", "namespace": "a", "fields": [
  { "name": "id", "type": "string" },
  { "name": "note", "type": "string" },
  { "name": "proof", "type": "bytes" },
  { "name": "size", "type": "int" },
  { "name": "by", "type": [{ "type": "record", "name": "Card", "fields": [] }, "string"] },
  { "name": "next", "type": ["null", "Order"] },
  { "name": "either", "type": ["null", "string"] },
  { "name": "items", "type": { "type": "array", "items": "string" } }
] }`;

type Edit = readonly [old: string, now: string];

function change(text: string, [old, now]: Edit): string {
  expect(text).to.include(old);
  return text.replace(old, now);
}

function formOf(format: "protobuf" | "avro", schema: string, style: AvroJsonStyle): JsonForm {
  const parsed = parseWire({ format, schema, references: [] });
  const form =
    parsed.type === "AVRO"
      ? avroJsonForm(parsed.schema.type, style)
      : protobufJsonForm(parsed.schema, "shop.v1.Order");
  if (form === undefined) throw new Error("no such message");
  return form;
}

function breaksOf(
  format: "protobuf" | "avro",
  edit: Edit,
  style: AvroJsonStyle = "plain",
  directions: readonly Direction[] = ["backward"],
): readonly string[] {
  const text = format === "avro" ? avro : proto;
  const [old, now] = [text, change(text, edit)].map((schema) => formOf(format, schema, style));
  return [...jsonBreaks(old!, now!, directions)].map(({ path, message }) => `${path} ${message}`);
}

describe("the JSON of a changed schema", () => {
  const refused: readonly (readonly [does: string, edit: Edit, finds: string])[] = [
    [
      "a field that is renamed",
      ["order_id = 1", "id = 1"],
      '#/Order/1 The field "orderId" is now called "id".',
    ],
    [
      "a field that gets another name in JSON",
      ["order_id = 1", 'order_id = 1 [json_name = "orderID"]'],
      '#/Order/1 The field "orderId" is now called "orderID".',
    ],
    [
      "a field of a message inside",
      ["sku = 1", "article = 1"],
      '#/Line/1 The field "sku" is now called "article".',
    ],
    [
      "a new field under the name of one that is gone",
      ["bool is_paid = 6", "reserved 6; bool is_paid = 10"],
      '#/Order/10 The name "isPaid" was another field\'s.',
    ],
    [
      "an enum value that is renamed",
      ["STATUS_UNKNOWN = 0", "STATUS_NONE = 0"],
      '#/Status The enum value "STATUS_UNKNOWN" is now called "STATUS_NONE".',
    ],
    [
      "an alias of an enum value that goes",
      ["  STATUS_NEW = 1;\n", ""],
      '#/Status The enum value "STATUS_NEW" is now called "STATUS_OPEN".',
    ],
    [
      "a number in place of true and false",
      ["bool is_paid", "int32 is_paid"],
      "#/Order/6 The value was true or false and is now a number.",
    ],
    [
      "text in place of bytes",
      ["bytes proof", "string proof"],
      "#/Order/7 The value was bytes in base64 and is now text.",
    ],
    [
      "a number in place of an enum",
      ["Status status", "int32 status"],
      "#/Order/5 The value was the name of an enum value and is now a number.",
    ],
    [
      "one value in place of a list",
      ["repeated Line lines", "Line lines"],
      "#/Order/3 The value was a list and is now an object.",
    ],
    [
      "a list in place of a map",
      ["map<string, Line> by_sku", "repeated Line by_sku"],
      "#/Order/4 The value was a map and is now a list.",
    ],
  ];
  for (const [does, edit, finds] of refused)
    it(`has ${does} found`, () => expect(breaksOf("protobuf", edit)).to.deep.equal([finds]));

  it("lets a Protobuf field have another name in code under its old one in JSON, another width, and company", () => {
    const free: readonly Edit[] = [
      ["order_id = 1", 'id = 1 [json_name = "orderId"]'],
      ["int64 total", "int32 total"],
      ["bool is_paid = 6;", "bool is_paid = 6; string more = 10;"],
      ["STATUS_OPEN = 1;", "STATUS_OPEN = 1; STATUS_DONE = 2;"],
      ["repeated string notes = 8;", "reserved 8;"],
    ];
    for (const edit of free) expect(breaksOf("protobuf", edit), edit[1]).to.deep.equal([]);
  });

  it("has an Avro value found that is written otherwise, although its bytes may be the same", () => {
    const tag = "an object that names the value's type";
    const cases: readonly (readonly [edit: Edit, plain: string | undefined, avro: string | undefined])[] = [
      [
        ['"proof", "type": "bytes"', '"proof", "type": "string"'],
        "/fields/2 The value was bytes in base64 and is now text.",
        undefined,
      ],
      [
        ['"note", "type": "string"', '"note", "type": ["null", "string"]'],
        undefined,
        `/fields/1 The value was text and is now ${tag}.`,
      ],
      [
        ['"either", "type": ["null", "string"]', '"either", "type": ["null", "string", "int"]'],
        `/fields/6 The value was text and is now ${tag}.`,
        undefined,
      ],
      [
        ['"string"] },', '{ "type": "record", "name": "b.Card", "fields": [] }, "string"] },'],
        '/fields/4 The branch "Card" is now called "a.Card".',
        undefined,
      ],
      [['"size", "type": "int"', '"size", "type": "long"'], undefined, undefined],
      [
        ['"items": "string"', '"items": "bytes"'],
        "/fields/7 The value was text and is now bytes in base64.",
        undefined,
      ],
      // Names are names in the binary form, too: found there.
      [['"name": "note"', '"name": "remark", "aliases": ["note"]'], undefined, undefined],
    ];
    for (const [edit, plain, strict] of cases) {
      expect(breaksOf("avro", edit), edit[1]).to.deep.equal(plain === undefined ? [] : [plain]);
      expect(breaksOf("avro", edit, "avro"), edit[1]).to.deep.equal(strict === undefined ? [] : [strict]);
    }
  });

  it("has a new enum value found where old code is to read new JSON, and a renamed one once", () => {
    const both: readonly Direction[] = ["forward", "backward"];
    const find = ([old, now]: Edit): readonly string[] => breaksOf("protobuf", [old, now], "plain", both);
    expect(find(["STATUS_OPEN = 1;", "STATUS_OPEN = 1; STATUS_DONE = 2;"])).to.deep.equal([
      '#/Status The enum value "STATUS_DONE" is new: code with the older schema does not know it.',
    ]);
    expect(find(["STATUS_UNKNOWN = 0", "STATUS_NONE = 0"])).to.deep.equal([
      '#/Status The enum value "STATUS_UNKNOWN" is now called "STATUS_NONE".',
    ]);
    expect(find(["string order_id = 1", "string id = 1"])).to.have.length(1);
  });
});
