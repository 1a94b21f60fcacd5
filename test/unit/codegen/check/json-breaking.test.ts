import { expect } from "chai";
import { createCheckedProject, summarize } from "../../../support/check-project.ts";

const order = (options: string, fields: string, values = ""): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
message Order {
  option (keryx.v1.event) = { topic: "orders" ${options} };
  string order_id = 1;
  ${fields}
}
enum Status {
  STATUS_UNKNOWN = 0;${values}
}
`;

/** What is found of each further state's JSON, after all those before it were released. */
async function checkAll(
  states: readonly string[],
  file = "schemas/shop.proto",
): Promise<readonly (readonly string[])[]> {
  const [first = "", ...others] = states;
  const project = await createCheckedProject({ [file]: first });
  const answers: (readonly string[])[] = [];
  for (const next of others) {
    await project.release();
    await project.write({ [file]: next });
    const { findings } = await project.check();
    answers.push(
      findings
        .filter(({ rule }) => rule === "json-changed")
        .map(({ line, against, message }) => `${line} ${against} ${message.slice(30)}`),
    );
  }
  return answers;
}

describe("an event in JSON that is changed", () => {
  it("is checked for events that are written as JSON, at the field, and for no other", async () => {
    const event = (options: string, name: string): string => `syntax = "proto3";
package shop.v1;
import "keryx/v1/options.proto";
message Order {
  option (keryx.v1.event) = { topic: "orders" ${options} };
  string order_id = 1;
  Status ${name} = 2;
}
enum Status {
  STATUS_UNKNOWN = 0;
}
`;
    const record = (options: string, either: string): string =>
      `{ "type": "record", "name": "Paid", "namespace": "pay", "keryx": { "topic": "paid"${options} },
  "fields": [
    { "name": "either", "type": ${either} }
  ] }`;
    const json = { proto: "serialization: JSON", avro: ', "serialization": "JSON", "json": "avro"' };
    for (const [options, finds] of [
      [json, ["json-changed schemas/pay.avsc:3:5", "json-changed schemas/shop.proto:7:3"]],
      [{ proto: "", avro: "" }, []],
    ] as const) {
      const project = await createCheckedProject({
        "schemas/shop.proto": event(options.proto, "status"),
        "schemas/pay.avsc": record(options.avro, '"string"'),
      });
      await project.release();
      await project.write({
        "schemas/shop.proto": event(options.proto, "state"),
        "schemas/pay.avsc": record(options.avro, '["null", "string"]'),
      });
      const { exit, findings } = await project.check();
      expect(summarize(findings)).to.deep.equal(finds);
      expect(exit).to.equal(finds.length === 0 ? 0 : 3);
    }
  });

  it("is compared with the versions that its level names", async () => {
    const states = (level: string): readonly string[] => {
      const options = `serialization: JSON compatibility: ${level}`;
      return [order(options, "Status status = 2;"), order(options, ""), order(options, "int32 status = 2;")];
    };
    const finding = "7 1 The value was the name of an enum value and is now a number.";
    for (const [level, finds] of [
      ["BACKWARD", []],
      ["BACKWARD_TRANSITIVE", [finding]],
    ] as const)
      expect(await checkAll(states(level)), level).to.deep.equal([[], finds]);
  });

  it("is told of each break once, and of none that is released already", async () => {
    const options = "serialization: JSON compatibility: BACKWARD_TRANSITIVE";
    const answers = await checkAll([
      order(options, "Status status = 2;"),
      order(options, "Status state = 2;"),
      order(options, "Status state = 2; string note = 3;"),
      order(options, "Status condition = 2; string note = 3;"),
    ]);
    expect(answers).to.deep.equal([
      ['7 1 The field "status" is now called "state".'],
      [],
      ['7 3 The field "state" is now called "condition".'],
    ]);
  });

  it("is told of a new name and a new form of one field, and of neither again where fields come before it", async () => {
    const options = "serialization: JSON compatibility: BACKWARD_TRANSITIVE";
    const both = await checkAll([order(options, "bool paid = 2;"), order(options, "int32 payment = 2;")]);
    expect(both[0]).to.have.length(2);
    const paid = (...fields: readonly object[]): string =>
      JSON.stringify({
        ...{ type: "record", name: "a.Paid", fields },
        keryx: { topic: "paid", serialization: "JSON", compatibility: "BACKWARD_TRANSITIVE" },
      });
    const proof = { name: "proof", type: "string" };
    const answers = await checkAll(
      [paid({ ...proof, type: "bytes" }), paid(proof), paid({ name: "id", type: "int", default: 0 }, proof)],
      "schemas/paid.avsc",
    );
    expect(answers.map(({ length }) => length)).to.deep.equal([1, 0]);
  });

  it("may get another enum value only where old code need not read it", async () => {
    const add = (level: string): readonly string[] => {
      const options = `serialization: JSON compatibility: ${level}`;
      const [field, value] = ["Status status = 2;", "\n  STATUS_OPEN = 1;"];
      return [order(options, field), order(options, field, value)];
    };
    expect(await checkAll(add("BACKWARD"))).to.deep.equal([[]]);
    expect(await checkAll(add("FORWARD"))).to.deep.equal([
      ['9 1 The enum value "STATUS_OPEN" is new: code with the older schema does not know it.'],
    ]);
  });
});
