import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
  FileDescriptorSet,
} from "@bufbuild/protobuf/wkt";
import { type SchemaLimits, schemaLimits } from "../../../src/schema/limits.ts";
import { scanProto } from "../../../src/schema/proto/text/tokens.ts";
import { type Diagnostic, report } from "../../diagnostics.ts";
import { isName } from "../../model/names.ts";
import { refusal } from "../avro/files.ts";
import type { Places } from "../places.ts";
import type { SchemaSource } from "../sources.ts";

/** Words and braces are looked at before a compiler, which may recurse, sees the text. */
export function checkTexts(sources: readonly SchemaSource[]): readonly Diagnostic[] {
  return sources.flatMap((source) => {
    try {
      return checkBraces(source);
    } catch (thrown) {
      return [refusal(thrown, source.path)];
    }
  });
}

function checkBraces({ path, text }: SchemaSource): readonly Diagnostic[] {
  // Options and their aggregate values nest too.
  const maxBraces = schemaLimits.depth * 2;
  let depth = 0;
  for (const token of scanProto(text)) {
    if (token.text === "{" || token.text === "[" || token.text === "<") depth++;
    else if (token.text === "}" || token.text === "]" || token.text === ">") depth--;
    if (depth > maxBraces)
      return [
        report(
          "schema-limit",
          { file: path, line: token.line, column: 1 },
          `${path} is nested more than ${maxBraces} deep.`,
        ),
      ];
  }
  return [];
}

/** Limits on what the compiler found in the project's own files. */
export function checkLimits(
  set: FileDescriptorSet,
  own: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, Places>,
): readonly Diagnostic[] {
  return set.file
    .filter((file) => own.has(file.name))
    .flatMap((file) => {
      const at = places.get(file.name);
      return at === undefined ? [] : [...problemsOf(file, at, schemaLimits)];
    });
}

function* problemsOf(file: FileDescriptorProto, places: Places, limits: SchemaLimits): Generator<Diagnostic> {
  const say = (path: readonly number[], message: string): Diagnostic =>
    report("schema-limit", places.at(path), message);
  function* visitEnum(type: EnumDescriptorProto, path: readonly number[]): Generator<Diagnostic> {
    if (type.value.length > limits.symbols)
      yield say(path, `The enum ${type.name} has more than ${limits.symbols} values.`);
  }
  function* visit(type: DescriptorProto, path: readonly number[], depth: number): Generator<Diagnostic> {
    if (!isName(type.name))
      yield report("name-invalid", places.at(path), `${JSON.stringify(type.name)} is not a name.`);
    if (type.field.length > limits.fields)
      yield say(path, `The message ${type.name} has more than ${limits.fields} fields.`);
    if (depth > limits.depth) yield say(path, `Messages are nested more than ${limits.depth} deep.`);
    else
      for (const [index, inner] of type.nestedType.entries())
        yield* visit(inner, [...path, 3, index], depth + 1);
    for (const [index, inner] of type.enumType.entries()) yield* visitEnum(inner, [...path, 4, index]);
  }
  for (const [index, type] of file.messageType.entries()) yield* visit(type, [4, index], 1);
  for (const [index, type] of file.enumType.entries()) yield* visitEnum(type, [5, index]);
}
