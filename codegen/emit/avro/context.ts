import type {
  AvroArray,
  AvroField,
  AvroMap,
  AvroNamedType,
  AvroRecord,
  AvroType,
  AvroUnion,
} from "../../../src/schema/avro/model.ts";
import { propertyName, type UnionShape } from "../../../src/schema/avro/shape.ts";
import { avroPath } from "../../model/names.ts";
import { runtime } from "../file-scope.ts";
import { keyLiteral, stringLiteral } from "../literal.ts";
import type { Declaration } from "../output.ts";
import { typeName } from "./types.ts";
import type { AvroScope } from "./unions.ts";

export type Composite = AvroArray | AvroMap | AvroUnion;
export type FunctionDeclaration = Declaration & { kind: "function" };

/** One file's codec under construction. Lists, maps and unions get a function each, once. */
export interface Codecs {
  readonly scope: AvroScope;
  readonly helpers: FunctionDeclaration[];
  readonly names: Map<string, string>;
  /** Fields whose text is kept longer than its payload: keys and dedupe ids. */
  readonly owned: ReadonlySet<AvroField>;
}

/** Local name of a function of the runtime. */
export function use(codecs: Codecs, name: string): string {
  return codecs.scope.value(runtime, name);
}

/** The private function of a list, map or union; made when it is first asked for. */
export function helper(codecs: Codecs, key: string, make: (name: string) => FunctionDeclaration): string {
  const known = codecs.names.get(key);
  if (known !== undefined) return known;
  const name = codecs.scope.unique(key);
  codecs.names.set(key, name);
  const place = codecs.helpers.length;
  const made = make(name);
  // In front of the helpers that its own parts needed, so that a file reads from the outside in.
  codecs.helpers.splice(place, 0, made);
  return name;
}

/** Local name of the function of a named type, imported from its own file. */
export function namedFunction(codecs: Codecs, verb: string, type: AvroNamedType): string {
  return codecs.scope.value(avroPath(type), `${verb}${typeName(type)}`);
}

/** Types that get a function of their own in the file that uses them. */
export function isComposite(type: AvroType): type is Composite {
  return type.kind === "array" || type.kind === "map" || type.kind === "union";
}

/** Key of an object literal and, behind a dot, property of a value: never `__proto__`, which has another name. */
export function property(field: AvroField): string {
  return keyLiteral(propertyName(field.name));
}

/** How the private functions of a field are called, behind their verb. */
export function hint(record: AvroRecord, field: AvroField): string {
  return `${typeName(record)}${capital(field.name)}`;
}

/** The text with a first capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A branch that a union is known to have. */
export function branchAt(union: AvroUnion, index: number): AvroType {
  const branch = union.branches[index];
  if (branch === undefined) throw new Error("a union's shape names a branch that it does not have");
  return branch;
}

/** The `kind` of a branch as a literal. */
export function kindAt(shape: UnionShape, index: number): string {
  return stringLiteral(shape.kind === "nullable" ? "" : (shape.kinds[index] ?? ""));
}

/** How the private functions of a branch are called, behind their verb. */
export function branchHint(hinted: string, shape: UnionShape, branch: AvroType, index: number): string {
  return shape.kind === "tagged" ? `${hinted}${capital(branch.kind)}${index}` : `${hinted}Value`;
}

/** A function that reads a value. */
export function reader(
  codecs: Codecs,
  name: string,
  returns: string,
  body: readonly string[],
  exported: boolean,
): FunctionDeclaration {
  const parameters = [["r", codecs.scope.type(runtime, "Reader")]] as const;
  return { kind: "function", name, doc: {}, exported, parameters, returns, body };
}

/** A function that writes a value. */
export function writer(
  codecs: Codecs,
  name: string,
  value: string,
  body: readonly string[],
  exported: boolean,
): FunctionDeclaration {
  const parameters = [
    ["w", codecs.scope.type(runtime, "Writer")],
    ["value", value],
    ["at", codecs.scope.type(runtime, "At")],
  ] as const;
  return { kind: "function", name, doc: {}, exported, parameters, returns: "void", body };
}
