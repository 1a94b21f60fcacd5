import { expect } from "chai";
import { parseDescriptor } from "../../src/schema/proto/descriptor.ts";
import { indexesOf, parseProto } from "../../src/schema/protobuf.ts";
import { avroText, embeddedRegistries, idField, type RawRegistry } from "../support/embedded-registry.ts";
import { buildDescriptors } from "../support/proto-descriptors.ts";

const money = 'syntax = "proto3"; package shop.v1; message Money { int64 cents = 1; }';
const order = `syntax = "proto3";
package shop.v1;
import "shop/v1/money.proto";
import "google/protobuf/timestamp.proto";
option java_package = "com.shop"; option go_package = "shop";
// Comments are not kept.
enum State { STATE_UNSPECIFIED = 0; STATE_PAID = 2; STATE_NEW = 1; }
message Line { string sku = 1; message Part { int32 at = 1; } }
message Order {
  Money total = 2 [deprecated = true, json_name = "sum"];
  string id = 1;
  State state = 3;
  oneof by { string card = 4; Line line = 5; }
  map<string, Line.Part> parts = 6;
  google.protobuf.Timestamp at = 7;
  optional int32 count = 8;
  reserved 20 to 30, 10; reserved "old";
}
enum Area { AREA_UNSPECIFIED = 0; }
`;
/** The same with imports, options, fields, values and enums in another order, and names written otherwise. */
const shuffled = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "shop/v1/money.proto";
option go_package = "shop"; option java_package = "com.shop";
enum Area { AREA_UNSPECIFIED = 0; }
message Line { message Part { int32 at = 1; } string sku = 1; }
enum State { STATE_UNSPECIFIED = 0; STATE_NEW = 1; STATE_PAID = 2; }
message Order {
  reserved "old"; reserved 10, 20 to 30;
  string id = 1;
  .shop.v1.Money total = 2 [json_name = "sum", deprecated = true];
  shop.v1.State state = 3;
  oneof by { Line line = 5; string card = 4; }
  map<string, Line.Part> parts = 6;
  .google.protobuf.Timestamp at = 7;
  optional int32 count = 8;
}`;
const references = [{ name: "shop/v1/money.proto", subject: "shop/v1/money.proto", version: 1 }];
const body = (schema: string): object => ({ schemaType: "PROTOBUF", schema, references });
const moved = order
  .replace(/message Line[^}]*} }\n/, "")
  .concat("message Line { string sku = 1; message Part { int32 at = 1; } }");

describe("The texts of the embedded registry", () => {
  const start = embeddedRegistries();
  let registry: RawRegistry;
  beforeEach(async () => {
    registry = await start();
    await registry.register("shop/v1/money.proto", { schemaType: "PROTOBUF", schema: money });
  });

  it("are Avro as compact JSON with everything in its place", async () => {
    const schema =
      '{ "name" : "Paid",\n "type":"record", "fields":[ {"name":"id","type":"string","default":"\\u00fc"} ], "x": 1.0 }';
    await registry.register("s", { schema });
    const kept = (await registry.get("/subjects/s/versions/1")).body as { schema: string };
    expect(kept.schema).to.equal(
      '{"name":"Paid","type":"record","fields":[{"name":"id","type":"string","default":"ü"}],"x":1.0}',
    );
  });

  it("find an Avro schema with its members in another order, as Avro's own library does", async () => {
    const { id } = await registry.register("s", { schema: avroText("Paid", idField) });
    const turned =
      '{"fields":[{"type":{"type":"string"},"name":"id"}],"name":"test.v1.Paid","type":"record"}';
    expect((await registry.post("/subjects/s", { schema: turned })).body).to.include({ id });
    expect(await registry.register("s", { schema: turned })).to.include({ id, version: 1 });
  });

  it("are Protobuf printed in one form, messages in their order and enums behind them", async () => {
    await registry.register("s", body(order));
    const text = (await registry.get("/subjects/s/versions/1/schema")).body as string;
    expect(text.split("\n").filter((line) => /^(message|enum|import|option)/.test(line))).to.deep.equal([
      ...['import "shop/v1/money.proto";', 'import "google/protobuf/timestamp.proto";'],
      ...['option java_package = "com.shop";', 'option go_package = "shop";'],
      ...["message Line {", "message Order {", "enum State {", "enum Area {"],
    ]);
    expect(text).to.not.include("Comments");
    expect(await registry.register("s", body(text)), "the registry's own text is the same").to.include({
      version: 1,
    });
  });

  it("are not the same in another order, unless normalized", async () => {
    const { id } = await registry.register("s", body(order));
    expect((await registry.post("/subjects/s", body(shuffled))).status).to.equal(404);
    expect((await registry.post("/subjects/s?normalize=true", body(shuffled))).body).to.include({ id });
    await registry.put("/config/s", { normalize: true });
    expect((await registry.post("/subjects/s", body(shuffled))).body).to.include({ id });
    expect(await registry.register("s", body(shuffled))).to.include({ id, version: 1 });
  });

  it("are one id when both are registered normalized, and message indexes still name the right types", async () => {
    const { id } = await registry.register("s", body(order), "?normalize=true");
    expect((await registry.register("t", body(shuffled), "?normalize=true")).id).to.equal(id);
    const text = (await registry.get("/subjects/s/versions/1/schema")).body as string;
    for (const name of ["Line", "Line.Part", "Order"])
      expect(indexesOf(parseProto(text), `shop.v1.${name}`)).to.deep.equal(
        indexesOf(parseProto(order), `shop.v1.${name}`),
      );
  });

  it("are another schema when messages are in another order, which indexes count", async () => {
    const { id } = await registry.register("s", body(order), "?normalize=true");
    const other = await registry.register("t", body(moved), "?normalize=true");
    expect(other.id).to.not.equal(id);
  });

  it("come from a descriptor as from the text, and go out as a descriptor when asked for", async function () {
    this.timeout(30_000);
    const built = buildDescriptors(
      new Map([
        ["shop/v1/money.proto", money],
        ["shop/v1/order.proto", order],
      ]),
    );
    const descriptor = built.get("shop/v1/order.proto") ?? "";
    const { id } = await registry.register("s", body(order), "?normalize=true");
    expect(await registry.register("s", body(descriptor), "?normalize=true")).to.include({ id, version: 1 });
    expect((await registry.post("/subjects/s?normalize=true", body(descriptor))).body).to.include({ id });
    const file = parseDescriptor(descriptor);
    for (const path of [`/schemas/ids/${id}`, "/subjects/s/versions/latest", "/subjects/s/metadata"]) {
      const answer = (await registry.get(`${path}?format=serialized`)).body as { schema: string };
      expect(parseDescriptor(answer.schema).messages.map(({ name }) => name)).to.deep.equal(
        file.messages.map(({ name }) => name),
      );
    }
    const alone = (await registry.get(`/schemas/ids/${id}/schema?format=serialized`)).body as string;
    expect(parseDescriptor(alone).options).to.have.length(2);
    const { schema } = (await registry.post("/subjects/s?normalize=true&format=serialized", body(order)))
      .body as { schema: string };
    expect(schema).to.equal(alone);
  });

  it("keep custom options that come in a descriptor", async function () {
    this.timeout(30_000);
    const options =
      'syntax = "proto3"; package o; import "google/protobuf/descriptor.proto"; message Mark { repeated string notes = 1; int32 level = 2; } extend google.protobuf.MessageOptions { Mark mark = 50001; }';
    const using =
      'syntax = "proto3"; package u; import "o.proto"; message U { option (o.mark) = { notes: ["a", "b"] level: 3 }; }';
    const built = buildDescriptors(
      new Map([
        ["o.proto", options],
        ["u.proto", using],
      ]),
    );
    await registry.register("o.proto", { schemaType: "PROTOBUF", schema: built.get("o.proto") });
    const marks = [{ name: "o.proto", subject: "o.proto", version: 1 }];
    await registry.register("u", { schemaType: "PROTOBUF", schema: built.get("u.proto"), references: marks });
    expect((await registry.get("/subjects/u/versions/1/schema")).body).to.include(
      'option (o.mark) = { notes: "a", notes: "b", level: 3 };',
    );
  });

  it("need no references for what every registry knows", async () => {
    for (const path of [
      "google/protobuf/any.proto",
      "google/type/money.proto",
      "confluent/meta.proto",
      "confluent/type/decimal.proto",
    ])
      expect(
        (
          await registry.post("/subjects/k/versions", {
            schemaType: "PROTOBUF",
            schema: `syntax = "proto3"; import "${path}"; message K { string p = 1 [json_name = "${path}"]; }`,
          })
        ).status,
        path,
      ).to.equal(200);
  });
});
