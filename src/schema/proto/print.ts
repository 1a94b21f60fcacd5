import type { ProtoFile, ProtoImport, ProtoService } from "./model.ts";
import { createExtensionFinder } from "./option-shapes.ts";
import { namingIn, type PrintContext, printStatements, sortText } from "./print/enums.ts";
import { printBytes, printOptions } from "./print/options.ts";
import { printScope, typeName } from "./print/scope.ts";
import type { ProtoSchema } from "./schema.ts";

export interface ProtoPrintOptions {
  /**
   * Texts come out the same that differ in the order of imports, options, fields, values and enums, or in how much of
   * a type's name is written. Messages keep their order, because message indexes count them. Default false.
   */
  readonly isNormalized?: boolean;
}

/**
 * Prints a file in one form, as registries keep it: comments are gone, and enums follow the messages. Reading it again
 * gives the same file.
 */
export function printProto(schema: ProtoSchema, { isNormalized = false }: ProtoPrintOptions = {}): string {
  const { file } = schema;
  const context: PrintContext = { schema, isNormalized, findExtension: createExtensionFinder(schema) };
  const sections = [
    [printSyntax(file), ...(file.package === "" ? [] : [`package ${file.package};`])],
    sortText(context, file.imports.map(printImport)),
    printOptions(file.options, namingIn(context, file.package)).map((option) => `option ${option};`),
    ...printScope(context, { ...file, fullName: file.package, fields: [], oneofs: [] }),
    ...file.services.map((service) => printService(context, service)),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function printSyntax({ syntax, edition = "" }: ProtoFile): string {
  return syntax === "editions" ? `edition = "${edition}";` : `syntax = "${syntax}";`;
}

function printImport({ path, modifier }: ProtoImport): string {
  return `import ${modifier === undefined ? "" : `${modifier} `}${printBytes(Buffer.from(path))};`;
}

function printService(context: PrintContext, { name, methods, options }: ProtoService): readonly string[] {
  const scope = context.schema.file.package;
  const type = (one: { readonly name: string; readonly isStream: boolean }): string =>
    `(${one.isStream ? "stream " : ""}${typeName(context, one.name, scope)})`;
  return [
    `service ${name} {`,
    ...printStatements(context, options, scope),
    ...methods.flatMap((method) => {
      const head = `  rpc ${method.name} ${type(method.input)} returns ${type(method.output)}`;
      if (method.options.length === 0) return [`${head};`];
      const inner = printStatements(context, method.options, scope).map((line) => `  ${line}`);
      return [`${head} {`, ...inner, "  }"];
    }),
    "}",
  ];
}
