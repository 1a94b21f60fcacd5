import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import protobufjs from "protobufjs";
import type {
  ProtoEnum,
  ProtoField,
  ProtoFile,
  ProtoMessage,
  ProtoRange,
} from "../../../src/schema/proto/model.ts";
import { indexesOf, messageAt, parseProto } from "../../../src/schema/protobuf.ts";

const folder = join(import.meta.dirname, "samples");
const root = join(import.meta.dirname, "../../..");
const names = readdirSync(folder).sort();
const texts = new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
const textOf = (name: string): string => texts.get(name) ?? "";

// What both sides say of a file, reduced to the same words. Type names are compared by their ends,
// because ours are as written.
interface Message {
  name: string;
  fields: string[];
  nested: Message[];
  enums: Enum[];
  extensions: string[];
  reserved: string[];
  ranges: string[];
}
interface Enum {
  name: string;
  values: string[];
  reserved: string[];
}
const last = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
const range = ({ from, to }: ProtoRange): string => `${from}..${to}`;

const ourField = (field: ProtoField): string => {
  const type =
    field.type.kind === "map"
      ? `map<${field.type.key},${last(field.type.value.name)}>`
      : `${field.type.kind === "group" ? "group " : ""}${last(field.type.name)}`;
  return [field.label ?? "", type, field.name, field.number, field.oneof ?? ""].join(" ");
};
const ourEnum = (one: ProtoEnum): Enum => ({
  name: one.name,
  values: one.values.map((value) => `${value.name}=${value.number}`),
  reserved: [...one.reservedNames, ...one.reservedRanges.map(range)],
});
const ourMessage = (message: ProtoMessage): Message => ({
  name: message.name,
  fields: message.fields.map(ourField),
  nested: message.messages.map(ourMessage),
  enums: message.enums.map(ourEnum),
  extensions: message.extends.flatMap((one) =>
    one.fields.map((field) => `${last(one.extendee)}: ${ourField(field)}`),
  ),
  reserved: [...message.reservedNames, ...message.reservedRanges.map(range)],
  ranges: message.extensionRanges.map(range),
});

const isMapEntry = (message: DescriptorProto): boolean => message.options?.mapEntry === true;
const theirField = (field: FieldDescriptorProto, parent?: DescriptorProto, proto3 = false): string => {
  const entry = parent?.nestedType.find(
    (nested) => isMapEntry(nested) && field.typeName.endsWith(`.${nested.name}`),
  );
  const simple = (one: FieldDescriptorProto): string =>
    one.typeName === "" ? (Type[one.type] ?? "").toLowerCase() : last(one.typeName);
  const isInOneof = Object.hasOwn(field, "oneofIndex") && !field.proto3Optional;
  const hasNoLabel = field.label === Label.OPTIONAL && (isInOneof || (proto3 && !field.proto3Optional));
  const type =
    entry === undefined
      ? `${field.type === Type.GROUP ? "group " : ""}${simple(field)}`
      : `map<${simple(entry.field[0]!)},${simple(entry.field[1]!)}>`;
  return [
    hasNoLabel || entry !== undefined ? "" : (Label[field.label] ?? "").toLowerCase(),
    type,
    field.name,
    field.number,
    isInOneof ? parent?.oneofDecl[field.oneofIndex]?.name : "",
  ].join(" ");
};
const theirEnum = (one: EnumDescriptorProto): Enum => ({
  name: one.name,
  values: one.value.map((value) => `${value.name}=${value.number}`),
  // An enum's reserved end is inclusive, a message's exclusive.
  reserved: [...one.reservedName, ...one.reservedRange.map(({ start, end }) => `${start}..${end}`)],
});
const theirMessage = (message: DescriptorProto, proto3: boolean): Message => ({
  name: message.name,
  fields: message.field.map((field) => theirField(field, message, proto3)),
  nested: message.nestedType.filter((one) => !isMapEntry(one)).map((one) => theirMessage(one, proto3)),
  enums: message.enumType.map(theirEnum),
  extensions: message.extension.map(
    (field) => `${last(field.extendee)}: ${theirField(field, undefined, proto3)}`,
  ),
  reserved: [
    ...message.reservedName,
    ...message.reservedRange.map(({ start, end }) => `${start}..${end - 1}`),
  ],
  ranges: message.extensionRange.map(({ start, end }) => `${start}..${end - 1}`),
});

function buildImage(): Map<string, FileDescriptorProto> {
  const out = mkdtempSync(join(tmpdir(), "keryx-proto-"));
  try {
    const image = join(out, "image.binpb");
    const buf = join(root, "node_modules", "@bufbuild", "buf", "bin", "buf");
    const result = spawnSync(process.execPath, [buf, "build", folder, "-o", image], { encoding: "utf8" });
    if (result.status !== 0) throw new Error(result.stderr);
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(image));
    return new Map(set.file.map((file) => [file.name, file]));
  } finally {
    rmSync(out, { recursive: true });
  }
}

describe("the .proto parser beside buf and protobufjs", () => {
  let image: Map<string, FileDescriptorProto>;
  before(function () {
    this.timeout(60_000);
    image = buildImage();
  });
  const theirs = (name: string): FileDescriptorProto => {
    const found = image.get(name);
    if (found === undefined) throw new Error(`${name} is not in the image`);
    return found;
  };

  for (const name of names) {
    it(`reads of ${name} what buf reads`, () => {
      const ours = parseProto(textOf(name));
      const file = theirs(name);
      const proto3 = file.syntax === "proto3" || file.syntax === "editions";
      expect(ours.package).to.equal(file.package);
      expect(ours.imports.map((one) => one.path)).to.deep.equal(file.dependency);
      expect(ours.messages.map(ourMessage)).to.deep.equal(
        file.messageType.map((message) => theirMessage(message, proto3)),
      );
      expect(ours.enums.map(ourEnum)).to.deep.equal(file.enumType.map(theirEnum));
      expect(
        ours.extends.flatMap((one) => one.fields.map((field) => `${last(one.extendee)}: ${ourField(field)}`)),
      ).to.deep.equal(
        file.extension.map((field) => `${last(field.extendee)}: ${theirField(field, undefined, proto3)}`),
      );
    });

    it(`counts the messages of ${name} as the text and as the descriptor do`, () => {
      const ours = parseProto(textOf(name));
      let seen = 0;
      const walk = (
        messages: readonly DescriptorProto[],
        prefix: string,
        mapEntries: boolean,
        path: number[],
      ): void => {
        messages
          .filter((message) => mapEntries || !isMapEntry(message))
          .forEach((message, index) => {
            const indexes = [...path, index];
            const fullName = `${prefix}.${message.name}`;
            seen++;
            if (isMapEntry(message)) {
              expect(messageAt(ours, indexes, { mapEntries })).to.equal(undefined);
              return;
            }
            expect(messageAt(ours, indexes, { mapEntries })?.fullName).to.equal(fullName);
            expect(indexesOf(ours, fullName, { mapEntries })).to.deep.equal(indexes);
            walk(message.nestedType, fullName, mapEntries, indexes);
          });
      };
      const file = theirs(name);
      walk(file.messageType, file.package, false, []);
      walk(file.messageType, file.package, true, []);
      expect(seen).to.be.greaterThan(0);
    });

    it(`finds in ${name} the fields that protobufjs finds`, () => {
      // protobufjs takes neither angle brackets in an option's value nor a group in a oneof.
      const text = textOf(name)
        .replace("deep <level: 3>;", "deep { level: 3 }")
        .replace("group Grouped = 21 { optional bool yes = 1; }", "bool grouped = 21;");
      const parsed = protobufjs.parse(text, { keepCase: true }).root;
      const compare = (messages: readonly ProtoMessage[]): void => {
        for (const message of messages) {
          const type = parsed.lookupType(message.fullName);
          // It lists extensions of the message among its fields, under names with a dot.
          const fields = type.fieldsArray.filter((field) => !field.name.startsWith("."));
          expect(Object.fromEntries(message.fields.map((field) => [field.name, field.number]))).to.deep.equal(
            Object.fromEntries(fields.map((field) => [field.name, field.id])),
          );
          compare(message.messages);
        }
      };
      compare(parseProto(text).messages);
    });
  }

  it("reads default values as buf does", () => {
    const ours = parseProto(textOf("legacy.proto")).messages.find((one) => one.name === "Legacy");
    const fields = theirs("legacy.proto").messageType.find((one) => one.name === "Legacy")?.field ?? [];
    const written = (name: string): Uint8Array | string | undefined => {
      const field = ours?.fields.find((one) => one.name === name);
      const value = field?.options.find((option) => option.name[0]?.name === "default")?.value;
      return value?.kind === "string" ? value.bytes : value && "text" in value ? value.text : undefined;
    };
    const theirDefault = (name: string): string | undefined =>
      fields.find((field) => field.name === name)?.defaultValue;
    expect(Buffer.from(written("text") as Uint8Array).toString()).to.equal(theirDefault("text"));
    expect([...(written("raw") as Uint8Array)]).to.deep.equal([255, 254]);
    for (const name of ["big", "not", "kind"]) expect(written(name)).to.equal(theirDefault(name));
    expect(Math.fround(Number(written("small")))).to.equal(Number(theirDefault("small")));
  });

  it("keeps the modifiers of imports and the edition", () => {
    const modern: ProtoFile = parseProto(textOf("modern.proto"));
    expect(modern).to.include({ syntax: "editions", edition: "2023" });
    expect(modern.imports[0]).to.include({ path: "common.proto", modifier: "weak" });
    expect(parseProto(textOf("legacy.proto")).imports[0]).to.include({ modifier: "public" });
  });
});
