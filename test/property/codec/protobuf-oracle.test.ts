import { isDeepStrictEqual } from "node:util";
import { fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { expect } from "chai";
import * as samples from "../../../generated/index.ts";
import { OrderPlacedSchema } from "../../../generated/orders/v1/order_placed_pb.ts";
import { UserRegisteredSchema } from "../../../generated/users/v1/user_registered_pb.ts";
import { chooseSeed } from "../../support/effects/random.ts";
import { messageValue, randomFrom } from "../../support/protobuf-values.ts";
import { type WireEvent, type WireProject, wireProject } from "../../support/wire-project.ts";

const messages = Number(process.env["KERYX_CODEC_MESSAGES"] ?? 700);
// Other messages in each run.
const first = chooseSeed();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

type Shape = MessageShape<WireEvent["schema"]>;

describe("straight-line Protobuf codecs, against protobuf-es", function () {
  this.timeout(3_600_000);
  let project: WireProject;
  const shapes = new Map<string, WireEvent>();

  before(async () => {
    project = await wireProject();
    for (const name of ["Scalars", "Lists", "Maps", "Choices"])
      shapes.set(name, await project.load("wire/v1/scalars", name));
    shapes.set("Edition", await project.load("wire/v1/editions", "Edition"));
    shapes.set("OrderPlaced", {
      event: samples.OrderPlaced as WireEvent["event"],
      schema: OrderPlacedSchema,
    });
    shapes.set("UserRegistered", {
      event: samples.UserRegistered as WireEvent["event"],
      schema: UserRegisteredSchema,
    });
  });

  it("write the same bytes and read them to the same value, for any message of every shape", () => {
    for (const [name, { event, schema }] of shapes)
      for (let seed = first; seed < first + messages; seed += 1) {
        const value = messageValue(randomFrom(seed), schema);
        const bytes = toBinary(schema, value as Shape);
        const at = `${name}, seed ${seed}`;
        if (!Buffer.from(event.codec.encode(value, 0)).equals(bytes))
          expect(hex(event.codec.encode(value, 0)), at).equals(hex(bytes));
        const read = event.codec.decode(bytes);
        if (!isDeepStrictEqual(read, fromBinary(schema, bytes)))
          expect(read, at).deep.equals(fromBinary(schema, bytes));
        if (Object.keys(read)[0] !== "$typeName") expect.fail(at);
        if (!isDeepStrictEqual(event.codec.create(value), value))
          expect(event.codec.create(value)).equals(value);
      }
  });

  it("merge what stands twice as protobuf-es does, and keep what an older schema did not know", async () => {
    const little = await project.load("wire/v1/subset", "Little");
    const nothing = await project.load("wire/v1/subset", "Nothing");
    const all = [...shapes, ["Little", little], ["Nothing", nothing]] as const;
    for (const [name, { schema, event }] of all)
      for (let seed = first; seed < first + messages; seed += 1) {
        const random = randomFrom(seed);
        const source = name === "Little" || name === "Nothing" ? shapes.get("Choices") : undefined;
        const bytes = Buffer.concat(
          [0, 1].map(() => {
            const written = source?.schema ?? schema;
            return toBinary(written, messageValue(random, written) as Shape);
          }),
        );
        const plain = new Uint8Array(bytes);
        const read = event.codec.decode(plain);
        const theirs = fromBinary(schema, plain);
        const at = `${name}, seed ${seed}`;
        if (!isDeepStrictEqual(read, theirs)) expect(read, at).deep.equals(theirs);
        const again = event.codec.encode(read, 0);
        if (!Buffer.from(again).equals(toBinary(schema, theirs)))
          expect(hex(again), at).equals(hex(toBinary(schema, theirs)));
      }
  });
});
