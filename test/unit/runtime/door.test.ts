import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { build } from "esbuild";
import { repository } from "../../support/generated-code.ts";

const conditions = ["@keryx/source"];

/** Size of a program that does what the lines say, as a bundler would ship it. */
async function gzipped(contents: string, external: readonly string[] = []): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: repository, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    conditions,
    external: [...external],
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

// What an older generator's code imports must be there for as long as the door is called v1.
const functions =
  "checkDepth checkObject closeBlock closeItems closeLength closeMessage countItem createList createMap createTime dateOf enter enterValue isMessage keepUnknown keyBoolean keyNumber leave leaveValue listOfField localDate longOf mapOf mapOfField mapValues messageCodec messageJson millisecondsOf openBlock openLength openList openMap openMessage own protobufCodec putBool putBytes putDouble putFixed32 putFixed64 putFloat putInt32 putInt64 putSfixed32 putSfixed64 putSint32 putSint64 putText putUint32 putUint64 putUnknown readBoolean readBytes readDate readDecimal readDouble readDuration readEnum readFixed readFixedDecimal readFloat readIndex readInt readKey readLong readNull readOwnString readResolvedEnum readString readTime readTimestamp readUuid readUuidBytes recordCodec refuse refuseValue setEntry setOwn skipBytes skipEnum skipField skipFixed takeBool takeBytes takeDouble takeFixed32 takeFixed64 takeFloat takeInt32 takeInt64 takeKey takeLength takeOwnText takeSfixed32 takeSfixed64 takeSint32 takeSint64 takeTag takeText takeUint32 takeUint64 timestampMs unknownKind unresolved uuid writeBoolean writeBytes writeDate writeDecimal writeDouble writeDuration writeEnum writeFixed writeFixedDecimal writeFloat writeIndex writeInt writeLong writeNull writeString writeTime writeTimestamp writeUuid writeUuidBytes".split(
    " ",
  );

describe("the door for generated code", function () {
  this.timeout(30_000);

  it("exports what it exported before", async () => {
    const door = await import("../../../src/runtime/v1.ts");
    expect(Object.keys(door).sort()).deep.equals(functions);
  });

  // The table of errors is beside it: every part of the package shares it.
  const errors = ["*/core/errors.ts"];

  it("stays small: the primitives of each format, all of them", async () => {
    const protobuf = functions.filter((name) =>
      /^(put|take)|(Message|Length|OfField)$|^(protobufCodec|skipField|keepUnknown|countItem|own|setEntry|key.*|longOf|readTime|writeTime|createTime|enter|leave)$/.test(
        name,
      ),
    );
    const avro = functions.filter((name) =>
      /^(read|write)(Boolean|Bytes|Double|Enum|Fixed|Float|Index|Int|Key|Long|Null|OwnString|String)$|^(open|close)(Block|Items|List|Map)$|^(enter|leave)(Value)?$|^(recordCodec|own|setOwn|refuse|refuseValue|check.*|create(List|Map)|unknownKind)$/.test(
        name,
      ),
    );
    const sizeOf = (names: readonly string[]): Promise<number> =>
      gzipped(`export { ${names.join(", ")} } from "./src/runtime/v1.ts";`, errors);
    expect(await sizeOf(protobuf)).within(1_000, 4_928);
    expect(await sizeOf(avro)).within(1_000, 4_096);
  });

  it("lets the codec of one event be bundled in 5 kB, primitives included", async () => {
    const codec = `import { createOrderPlaced as create, readOrderPlaced as read, writeOrderPlaced as write } from "./generated/orders/v1/order_placed_events.ts";
      import { protobufCodec } from "./src/runtime/v1.ts";
      export const codec = protobufCodec("orders.v1.OrderPlaced", { create, read, write });`;
    expect(await gzipped(codec, errors)).within(1_000, 5_120);
  });

  it("does nothing when an event is imported and not used", async () => {
    const names = [
      "./generated/orders/v1/order_placed_events.ts",
      "./generated/payments/v1/payment-captured.ts",
      "./src/runtime/v1.ts",
    ];
    for (const name of names) expect(await gzipped(`import ${JSON.stringify(name)};`), name).lessThan(60);
  });
});
