import type { ProtoValue } from "../../schema/proto/model.ts";
import type { FieldView } from "./model.ts";

/**
 * What a reader sees where the field is not in the bytes, in a form that can be compared and shown. Undefined where
 * there is no such value: lists, messages, and fields that are always in the bytes.
 */
export function absentValue({ cardinality, type, field }: FieldView): string | undefined {
  if (cardinality !== "singular" || type.kind === "message" || type.kind === "unknown") return undefined;
  const declared = field.options.find(
    ({ name }) => name.length === 1 && name[0]?.name === "default" && !name[0].isExtension,
  )?.value;
  if (type.kind === "map") return undefined;
  if (type.kind === "enum") {
    const { values } = type.view.type;
    const named =
      declared?.kind === "identifier" ? values.find(({ name }) => name === declared.text) : undefined;
    return String((named ?? values[0])?.number ?? 0);
  }
  if (type.name === "string" || type.name === "bytes")
    return declared?.kind === "string"
      ? JSON.stringify(Buffer.from(declared.bytes).toString("latin1"))
      : '""';
  const text = declared === undefined ? "0" : textOf(declared);
  if (type.name === "double") return numberOf(text);
  // Equal as floats is equal, however many digits were written.
  if (type.name === "float") return numberOf(text, Math.fround);
  return integerOf(text);
}

function textOf(value: ProtoValue): string {
  return value.kind === "number" || value.kind === "identifier" ? value.text.replaceAll(/\s/g, "") : "";
}

function numberOf(text: string, round: (value: number) => number = (value) => value): string {
  return String(round(Number(text.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity"))));
}

function integerOf(text: string): string {
  if (text === "true") return "1";
  if (text === "false") return "0";
  const [, sign, digits] = /^([+-]?)(0x[0-9a-f]{1,20}|[0-9]{1,30})$/i.exec(text) ?? [];
  if (digits === undefined) return text;
  // A leading zero means octal here, and nothing to BigInt.
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return String(sign === "-" ? -value : value);
}
