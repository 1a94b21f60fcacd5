import fc from "fast-check";

type Syntax = "proto2" | "proto3" | "2023" | "2024";

/** Draws from fast-check, so that a failing file can be made again from its seed. */
interface Draw {
  readonly chance: (percent: number) => boolean;
  readonly pick: <T>(items: readonly [T, ...T[]]) => T;
  readonly upTo: (max: number) => number;
}

const keys = ["int32", "int64", "uint32", "sint64", "fixed32", "bool", "string"] as const;
const scalars = [
  ...(["double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64"] as const),
  ...(["fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"] as const),
] as const;

/** Texts of valid .proto files of every syntax, all in the package `generated.here`. */
export function protoFiles(): fc.Arbitrary<string> {
  return fc.gen().map((draw) =>
    buildFile({
      chance: (percent) => draw(fc.nat, { max: 99 }) < percent,
      pick: (items) => items[draw(fc.nat, { max: items.length - 1 })] ?? items[0],
      upTo: (max) => draw(fc.nat, { max }),
    }),
  );
}

/** A type that a field can name. */
interface Named {
  readonly fullName: string;
  readonly isEnum: boolean;
}

interface State {
  readonly draw: Draw;
  readonly syntax: Syntax;
  readonly package: string;
  readonly types: Named[];
  /** Names are counted, so that none stands twice. */
  next: number;
}

function buildFile(draw: Draw): string {
  const syntax = draw.pick<Syntax>(["proto2", "proto3", "2023", "2024"]);
  const state: State = { draw, syntax, package: "generated.here", types: [], next: 1 };
  const head = syntax.startsWith("proto") ? `syntax = "${syntax}";` : `edition = "${syntax}";`;
  const drawn = isEdition(state) && draw.chance(30) ? fileFeatures(draw) : "";
  // Edition 2024 asks for names in its style, which these are not.
  const features = syntax === "2024" ? withoutStyle(drawn) : drawn;
  const count = 1 + draw.upTo(3);
  const enums = Array.from({ length: draw.upTo(2) }, () => buildEnum(state, state.package, drawn));
  const messages = Array.from({ length: count }, () => buildMessage(state, state.package, 1));
  return [
    head,
    `package ${state.package};`,
    'import "google/protobuf/timestamp.proto";',
    draw.chance(30) ? 'import public "google/protobuf/wrappers.proto";' : "",
    features,
    ...messages,
    ...enums,
    draw.chance(20) ? `service S${state.next++} {}` : "",
  ].join("\n");
}

function isEdition({ syntax }: State): boolean {
  return !syntax.startsWith("proto");
}

function fileFeatures(draw: Draw): string {
  return draw.pick([
    "option features.field_presence = IMPLICIT;",
    "option features.message_encoding = DELIMITED;",
    "option features = { repeated_field_encoding: EXPANDED utf8_validation: NONE };",
  ]);
}

function withoutStyle(features: string): string {
  if (features.includes("{")) return features.replace("{", "{ enforce_naming_style: STYLE_LEGACY");
  return `option features.enforce_naming_style = STYLE_LEGACY; ${features}`;
}

function buildEnum(state: State, scope: string, features = ""): string {
  const { draw } = state;
  const name = `E${state.next++}`;
  // An open enum begins at 0; a field without presence may not be of a closed one.
  const isClosed = isEdition(state) && features === "" && draw.chance(20);
  const prefix = `${name}_`.toUpperCase();
  const values = Array.from({ length: 1 + draw.upTo(3) }, (_, index) => {
    const isDeprecated = draw.chance(10) ? " [deprecated = true]" : "";
    return `${prefix}V${index} = ${index === 0 ? 0 : draw.chance(30) ? -index : index * 7}${isDeprecated};`;
  });
  const lines = [
    isClosed ? "option features.enum_type = CLOSED;" : "",
    draw.chance(20) ? `option allow_alias = true; ${prefix}ALIAS = 0;` : "",
    ...values,
    draw.chance(30) ? "reserved 100 to 110, -9 to -8, 500 to max;" : "",
    draw.chance(30) ? `reserved ${isEdition(state) ? "GONE, LOST" : '"GONE", "LOST"'};` : "",
  ];
  // The alias may not come first.
  if (lines[1] !== "")
    lines.splice(1, 3, ...[values[0] ?? "", lines[1] ?? "", ...values.slice(1)].slice(0, 3));
  state.types.push({ fullName: `${scope}.${name}`, isEnum: true });
  return `${visibility(state)}enum ${name} { ${lines.join(" ")} }`;
}

function visibility({ syntax, draw }: State): string {
  return syntax === "2024" && draw.chance(40) ? draw.pick(["export ", "local "]) : "";
}

function buildMessage(state: State, scope: string, depth: number): string {
  const { draw } = state;
  const name = `M${state.next++}`;
  const fullName = `${scope}.${name}`;
  const shown = visibility(state);
  state.types.push({ fullName, isEnum: false });
  const parts: string[] = [];
  for (let left = draw.upTo(depth < 3 ? 2 : 0); left > 0; left--)
    parts.push(
      draw.chance(70) ? buildMessage(state, fullName, depth + 1) : buildEnum(state, fullName, "any"),
    );
  let number = 1;
  const take = (): number => (number += 1 + draw.upTo(3));
  for (let left = draw.upTo(5); left > 0; left--) parts.push(buildField(state, fullName, take()));
  if (draw.chance(40)) {
    const members = Array.from({ length: 1 + draw.upTo(2) }, () => plainField(state, fullName, take()));
    parts.push(`oneof o${state.next++} { ${members.join(" ")} }`);
  }
  if (draw.chance(40)) parts.push("reserved 1000 to 1010, 2000, 536870000 to max;");
  if (draw.chance(30)) parts.push(`reserved ${isEdition(state) ? "gone, lost" : '"gone", "lost"'};`);
  if (state.syntax !== "proto3" && draw.chance(30)) {
    parts.push("extensions 3000 to 3999, 5000;");
    const extension = `x${state.next++}`;
    const label = isEdition(state) ? "" : "optional ";
    parts.push(`extend ${name} { ${label}int32 ${extension} = 3001; repeated string ${extension}s = 3002; }`);
  }
  if (draw.chance(10)) parts.push("option deprecated = true;");
  return `${shown}message ${name} { ${shuffle(draw, parts).join("\n")} }`;
}

function shuffle(draw: Draw, items: readonly string[]): readonly string[] {
  return items
    .map((item) => ({ item, place: draw.upTo(1_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function buildField(state: State, scope: string, number: number): string {
  const { draw, syntax } = state;
  const name = `f${state.next++}`;
  if (draw.chance(15)) return `map<${draw.pick(keys)}, ${typeName(state, scope)}> ${name} = ${number};`;
  if (syntax === "proto2" && draw.chance(15)) {
    const group = `G${state.next++}`;
    state.types.push({ fullName: `${scope}.${group}`, isEnum: false });
    const label = draw.pick(["optional", "required", "repeated"]);
    return `${label} group ${group} = ${number} { ${plainLabel(state)}string f${state.next++} = 1; }`;
  }
  const label =
    syntax === "proto2"
      ? draw.pick(["optional ", "required ", "repeated "])
      : draw.pick(["", "", isEdition(state) ? "" : "optional ", "repeated "]);
  return `${label}${plainField(state, scope, number, label)}`;
}

function plainLabel({ syntax }: State): string {
  return syntax === "proto2" ? "optional " : "";
}

function plainField(state: State, scope: string, number: number, label = "oneof"): string {
  const { draw } = state;
  const name = draw.chance(20) ? `some_name_${state.next++}_` : `f${state.next++}`;
  const type = draw.chance(50) ? draw.pick(scalars) : typeName(state, scope);
  const isNumber = (scalars as readonly string[]).includes(type) && type !== "string" && type !== "bytes";
  const options: string[] = [];
  if (draw.chance(10)) options.push("deprecated = true");
  if (draw.chance(10)) options.push(`json_name = "j${state.next++}"`);
  if (label === "repeated " && isNumber && draw.chance(30))
    options.push(isEdition(state) ? "features.repeated_field_encoding = EXPANDED" : "packed = false");
  if (isEdition(state) && label === "" && type === "int32" && draw.chance(50))
    options.push(`features.field_presence = ${draw.pick(["LEGACY_REQUIRED", "EXPLICIT", "IMPLICIT"])}`);
  if (state.syntax === "proto2" && label === "optional ") options.push(...defaultOf(draw, type));
  return `${type} ${name} = ${number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
}

function defaultOf(draw: Draw, type: string): readonly string[] {
  if (draw.chance(50)) return [];
  if (type === "string") return [`default = ${draw.pick(['"a\\"b"', "'é'", '"inf"', '""'])}`];
  if (type === "bytes") return [`default = ${draw.pick(['"\\377\\x00a"', '"\\"\\\\"'])}`];
  if (type === "bool") return [`default = ${draw.pick(["true", "false"])}`];
  if (type === "double" || type === "float")
    return [`default = ${draw.pick(["inf", "-inf", "nan", "-1.5", "1e30", "7"])}`];
  if ((scalars as readonly string[]).includes(type)) return [`default = ${draw.pick(["0x10", "017", "9"])}`];
  return [];
}

/** A type seen so far, complete or as short as it can be said from anywhere in the file. */
function typeName(state: State, scope: string): string {
  const { draw } = state;
  if (state.types.length === 0 || draw.chance(20))
    return draw.pick([".google.protobuf.Timestamp", "google.protobuf.Timestamp", ...scalars]);
  const [first, ...rest] = state.types;
  // The enums of a proto2 file are closed and fit nowhere else, but here they are of the same file.
  const { fullName } = draw.pick([first as Named, ...rest]);
  if (draw.chance(30)) return `.${fullName}`;
  if (fullName.startsWith(`${scope}.`) && draw.chance(50)) return fullName.slice(scope.length + 1);
  return draw.chance(50) ? fullName : fullName.slice(state.package.length + 1);
}
