import type { CaseEnum, CaseField, CaseFile, CaseMessage, CaseRange, CaseScope, CaseType } from "./model.ts";

/** The texts of a file: its own, and the imported one where there is something in it. */
export interface CaseTexts {
  readonly text: string;
  readonly imported?: string;
}

/** @param importPath under which the imported file is found */
export function printCase(file: CaseFile, importPath: string): CaseTexts {
  const head = `${file.syntax === "editions" ? `edition = "2023"` : `syntax = "${file.syntax}"`};\npackage ${file.package};\n`;
  const { imported } = file;
  const hasImport = imported.messages.length + imported.enums.length > 0;
  const text = `${head}${hasImport ? `import "${importPath}";\n` : ""}${printScope(file, file, "")}`;
  return hasImport ? { text, imported: `${head}${printScope(imported, file, "")}` } : { text };
}

function printScope(scope: CaseScope, file: CaseFile, indent: string): string {
  return [
    ...scope.enums.map((type) => printEnum(type, file, indent)),
    ...scope.messages.map((message) => printMessage(message, file, indent)),
  ].join("");
}

function printEnum({ name, values, reserved, isClosed }: CaseEnum, file: CaseFile, indent: string): string {
  const isAliased = new Set(values.map(({ number }) => number)).size < values.length;
  const lines = [
    ...(isAliased ? ["option allow_alias = true;"] : []),
    ...(isClosed === true && file.syntax === "editions" ? ["option features.enum_type = CLOSED;"] : []),
    ...reserved.map((range) => `reserved ${printRange(range)};`),
    ...values.map((value) => `${value.name} = ${value.number};`),
  ];
  return `${indent}enum ${name} {\n${lines.map((line) => `${indent}  ${line}\n`).join("")}${indent}}\n`;
}

function printMessage(message: CaseMessage, file: CaseFile, indent: string): string {
  const inner = `${indent}  `;
  const lines = [
    ...message.reserved.map((range) => `reserved ${printRange(range)};`),
    ...message.reservedNames.map((name) =>
      file.syntax === "editions" ? `reserved ${name};` : `reserved "${name}";`,
    ),
    ...message.extensions.map((range) => `extensions ${printRange(range)};`),
    ...message.fields.filter(({ oneof }) => oneof === undefined).map((field) => printField(field, file)),
    ...new Set(message.fields.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof]))),
  ].map((line) => {
    const members = message.fields.filter(({ oneof }) => oneof === line);
    if (members.length === 0) return `${inner}${line}\n`;
    const printed = members.map((field) => `${inner}  ${printField(field, file)}\n`);
    return `${inner}oneof ${line} {\n${printed.join("")}${inner}}\n`;
  });
  return `${indent}message ${message.name} {\n${printScope(message, file, inner)}${lines.join("")}${indent}}\n`;
}

function printRange({ from, to }: CaseRange): string {
  return from === to ? `${from}` : `${from} to ${to}`;
}

function printField(field: CaseField, file: CaseFile): string {
  const isRequired = field.label === "required" && file.syntax === "editions";
  const label =
    field.type.kind === "map" ||
    field.oneof !== undefined ||
    (file.syntax === "editions" && field.label !== "repeated")
      ? ""
      : `${field.label} `;
  const options = [
    ...(field.default === undefined ? [] : [`default = ${field.default}`]),
    ...(isRequired ? ["features.field_presence = LEGACY_REQUIRED"] : []),
    ...(field.isDelimited === true ? ["features.message_encoding = DELIMITED"] : []),
  ];
  const shown = options.length === 0 ? "" : ` [${options.join(", ")}]`;
  return `${label.trimStart()}${printType(field.type, file)} ${field.name} = ${field.number}${shown};`;
}

function printType(type: CaseType, file: CaseFile): string {
  if (type.kind === "scalar") return type.name;
  if (type.kind === "map") return `map<${type.key}, ${printType(type.value, file)}>`;
  return `.${file.package}.${type.name}`;
}
