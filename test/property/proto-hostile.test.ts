import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../src/core/errors.ts";
import { linkProto, type ProtoSource } from "../../src/schema/proto/link.ts";
import type { ProtoMessage } from "../../src/schema/proto/model.ts";
import type { ProtoSchema } from "../../src/schema/proto/schema.ts";
import { buildDescriptors } from "../support/proto-descriptors.ts";
import { protoFiles } from "../support/proto-files.ts";
import { cpuTimeMs } from "../unit/schema/cpu-time.ts";

/** Links, and asks for every type that a field names; a refusal is an answer, anything else is not. */
function use(text: string): "read" | "refused" {
  const imports = new Map<string, ProtoSource>([["other.proto", { text }]]);
  let schema: ProtoSchema;
  try {
    schema = linkProto({ text }, imports);
  } catch (error) {
    expect(error).to.be.instanceOf(KeryxError);
    expect((error as KeryxError).code).to.equal("schema_invalid");
    return "refused";
  }
  const visit = (message: ProtoMessage): void => {
    for (const { type } of message.fields)
      if (type.kind === "named") schema.resolve(type.name, message.fullName);
    message.messages.forEach(visit);
  };
  schema.file.messages.forEach(visit);
  return "read";
}

/** A place, as a share of the length, and what to do there. */
const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
    what: fc.constantFrom("cut", "double", "change", "insert", "end"),
    length: fc.nat(12),
    value: fc.nat(255),
  }),
  { minLength: 1, maxLength: 6 },
);
type Edits = typeof edits extends fc.Arbitrary<infer T> ? T : never;

function mutateBytes(bytes: Buffer, list: Edits): Buffer {
  let now = bytes;
  for (const { at, what, length, value } of list) {
    const place = Math.floor(at * now.length);
    const [before, after] = [now.subarray(0, place), now.subarray(place)];
    if (what === "cut") now = Buffer.concat([before, after.subarray(length)]);
    else if (what === "double") now = Buffer.concat([before, after.subarray(0, length), after]);
    else if (what === "insert") now = Buffer.concat([before, Buffer.alloc(length, value), after]);
    else if (what === "end") now = before;
    else now = Buffer.concat([before, Buffer.of(value), after.subarray(1)]);
  }
  return now;
}

const words = [
  ...["message ", "enum ", "oneof o {", "}", "{", "extend ", "reserved ", "to max", "import public ", ";"],
  ...['"', "'", "/*", "//", "\\", "map<", ">", "[", "]", "(", "group ", "option ", "=", "-1", "99999999999"],
  ...["export ", "package ", "\u0000", "\ud800", "é", "__proto__", "service S {", "syntax = ", "optional "],
];

function mutateText(text: string, list: Edits): string {
  let now = text;
  for (const { at, what, length, value } of list) {
    const place = Math.floor(at * now.length);
    const [before, after] = [now.slice(0, place), now.slice(place)];
    const word = words[value % words.length] ?? "";
    if (what === "cut") now = before + after.slice(length);
    else if (what === "double") now = before + after.slice(0, length * 10) + after;
    else if (what === "insert") now = before + word + after;
    else if (what === "end") now = before;
    else now = before + word + after.slice(word.length);
  }
  return now;
}

describe("hostile .proto schemas", () => {
  it("as texts are read or refused, without delay", function () {
    this.timeout(600_000);
    const answers = new Map<string, number>();
    fc.assert(
      fc.property(protoFiles(), edits, (text, list) => {
        const spent = cpuTimeMs(() => {
          const answer = use(mutateText(text, list));
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
        });
        expect(spent).to.be.lessThan(2_000);
      }),
      { numRuns: 3_000 },
    );
    // Were all refused at their beginning, nothing would have been tried.
    expect(answers.get("read")).to.be.greaterThan(20);
    expect(answers.get("refused")).to.be.greaterThan(500);
  });

  it("as descriptors are read or refused, without delay", function () {
    this.timeout(600_000);
    const texts = fc
      .sample(protoFiles(), { numRuns: 60, seed: 7 })
      .map((text, index): [string, string] => [
        `f${index}.proto`,
        text.replaceAll("generated.here", `generated.h${index}`),
      ]);
    const descriptors = [...buildDescriptors(new Map(texts)).values()].map((one) =>
      Buffer.from(one, "base64"),
    );
    const answers = new Map<string, number>();
    fc.assert(
      fc.property(fc.constantFrom(...descriptors), edits, (descriptor, list) => {
        const spent = cpuTimeMs(() => {
          const answer = use(mutateBytes(descriptor, list).toString("base64"));
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
        });
        expect(spent).to.be.lessThan(2_000);
      }),
      { numRuns: 10_000 },
    );
    expect(answers.get("read")).to.be.greaterThan(100);
    expect(answers.get("refused")).to.be.greaterThan(1_000);
  });

  it("as any bytes are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        use(Buffer.from(bytes).toString("base64"));
      }),
      { numRuns: 5_000 },
    );
  });
});
