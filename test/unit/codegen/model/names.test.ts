import { expect } from "chai";
import {
  avroPath,
  eventsPath,
  isDeviceName,
  isName,
  kebabCase,
  messagesPath,
  methodName,
  propertyName,
  safeIdentifier,
  topicIdentifier,
  topicPath,
} from "../../../../codegen/model/names.ts";

describe("names", () => {
  for (const [name, method] of [
    ["OrderPlaced", "orderPlaced"],
    ["order_placed", "orderPlaced"],
    ["APIRequest", "apiRequest"],
    ["URL", "url"],
    ["X", "x"],
    ["Order2Placed", "order2Placed"],
    ["__", "_"],
    ["_9lives", "_9lives"],
  ] as const) {
    it(`calls the method of ${name} ${method}`, () => {
      expect(methodName(name)).to.equal(method);
    });
  }

  for (const [topic, identifier] of [
    ["order-events", "orderEvents"],
    ["order.events_v1", "orderEventsV1"],
    ["Orders", "orders"],
    ["2024-orders", "_2024Orders"],
    ["class", "class$"],
    ["...", "_"],
  ] as const) {
    it(`calls the topic ${topic} ${identifier}`, () => {
      expect(topicIdentifier(topic)).to.equal(identifier);
    });
  }

  for (const word of [
    "class",
    "await",
    "yield",
    "let",
    "static",
    "string",
    "Uint8Array",
    "Promise",
    "type",
    "arguments",
  ]) {
    it(`gives the reserved word ${word} a $ as an identifier`, () => {
      expect(safeIdentifier(word)).to.equal(`${word}$`);
    });
  }

  it("gives a $ to the properties that protobuf-es gives one, and to __proto__", () => {
    for (const name of ["constructor", "toString", "toJSON", "valueOf", "__proto__"])
      expect(propertyName(name)).to.equal(`${name}$`);
    for (const name of ["then", "class", "hasOwnProperty", "default"])
      expect(propertyName(name)).to.equal(name);
  });

  it("makes paths of names", () => {
    expect(messagesPath("orders/v1/order_placed.proto")).to.equal("orders/v1/order_placed_pb.ts");
    expect(eventsPath("orders/v1/order_placed.proto")).to.equal("orders/v1/order_placed_events.ts");
    expect(avroPath({ namespace: "payments.v1", simpleName: "PaymentCaptured" })).to.equal(
      "payments/v1/payment-captured.ts",
    );
    expect(avroPath({ namespace: "", simpleName: "HTTPError2" })).to.equal("http-error2.ts");
    expect(kebabCase("_")).to.equal("_");
    expect(topicPath("order-events")).to.equal("topics/order-events.ts");
  });

  it("knows names of devices, with and without ending", () => {
    for (const name of ["con", "NUL", "Aux.proto", "com1.avsc", "lpt9"])
      expect(isDeviceName(name), name).to.equal(true);
    for (const name of ["console", "com10", "lpt", "nulls.proto", "acon"])
      expect(isDeviceName(name), name).to.equal(false);
  });

  it("takes as names what both formats take", () => {
    for (const name of ["a", "_", "A9_b"]) expect(isName(name), name).to.equal(true);
    for (const name of ["", "9a", "a-b", "é", "a\n", "a b", "a;"]) expect(isName(name), name).to.equal(false);
  });
});
