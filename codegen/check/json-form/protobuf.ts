import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type {
  ProtoField,
  ProtoMessage,
  ProtoScalar,
  ProtoSimpleType,
} from "../../../src/schema/proto/model.ts";
import type { ProtoDefinition, ProtoSchema } from "../../../src/schema/proto/schema.ts";
import type { JsonField, JsonForm } from "../json-form.ts";

/**
 * Protobuf's JSON mapping of a message; undefined when the schema does not have it.
 * @see https://protobuf.dev/programming-guides/json/
 */
export function protobufJsonForm(schema: ProtoSchema, name: string): JsonForm | undefined {
  const root = schema.resolve(`.${name}`, "");
  return root && definitionForm(schema, root);
}

function definitionForm(schema: ProtoSchema, found: ProtoDefinition): JsonForm {
  const { type } = found;
  // Each of these has a mapping of its own.
  if (type.fullName.startsWith("google.protobuf.")) return { kind: "plain", as: `a ${type.fullName}` };
  const path = pathOf(found);
  if (found.kind === "enum") {
    const names = new Map(found.type.values.map((value) => [value.name, value.number]));
    return { kind: "enum", identity: type, names, path };
  }
  const message = found.type;
  return {
    kind: "object",
    identity: type,
    fields: () =>
      message.fields.map(
        (field): JsonField => ({
          ids: [String(field.number)],
          name: jsonName(field),
          form: fieldForm(schema, field, message, found.path),
          path: `${path}/${field.number}`,
        }),
      ),
  };
}

/** `#/Outer/Inner`, without the package. */
function pathOf({ type, file }: ProtoDefinition): string {
  const local = file.package === "" ? type.fullName : type.fullName.slice(file.package.length + 1);
  return `#/${local.replaceAll(".", "/")}`;
}

function jsonName({ name, options }: ProtoField): string {
  for (const { name: parts, value } of options) {
    const [part, ...others] = parts;
    if (part?.name === "json_name" && !part.isExtension && others.length === 0 && value.kind === "string")
      return new TextDecoder().decode(value.bytes);
  }
  return protoCamelCase(name);
}

function fieldForm(
  schema: ProtoSchema,
  { type, label }: ProtoField,
  message: ProtoMessage,
  path: string | undefined,
): JsonForm {
  const formOf = (simple: ProtoSimpleType): JsonForm => {
    if (simple.kind === "scalar") return { kind: "plain", as: scalars[simple.name] ?? "a number" };
    const found = schema.resolve(simple.name, message.fullName, path);
    return found === undefined ? { kind: "plain", as: `a ${simple.name}` } : definitionForm(schema, found);
  };
  if (type.kind === "map") return { kind: "map", of: formOf(type.value) };
  const form = formOf(type.kind === "group" ? { kind: "named", name: type.name } : type);
  return label === "repeated" ? { kind: "list", of: form } : form;
}

/** Readers take numbers of all kinds with and without quotes. */
const scalars: Readonly<Partial<Record<ProtoScalar, string>>> = {
  bool: "true or false",
  string: "text",
  bytes: "bytes in base64",
};
