import type { AvroLogical, AvroType } from "./model.ts";

/**
 * What a schema says about its bytes and their meaning, as text: two schemas with the same text are read alike. Docs,
 * defaults, aliases and layout are left out.
 */
export function encodingText(type: AvroType): string {
  return JSON.stringify(describe(type, new Set()));
}

type Described = string | readonly Described[];

function describe(type: AvroType, known: Set<string>): Described {
  const logical = logicalText(type.logical);
  if ("name" in type) {
    if (known.has(type.name)) return type.name;
    known.add(type.name);
  }
  switch (type.kind) {
    case "record":
      return [
        "record",
        type.name,
        ...type.fields.map((field): Described => [field.name, describe(field.type, known)]),
      ];
    case "enum":
      return ["enum", type.name, ...type.symbols];
    case "fixed":
      return ["fixed", type.name, String(type.size), logical];
    case "array":
      return ["array", describe(type.items, known)];
    case "map":
      return ["map", describe(type.values, known)];
    case "union":
      return ["union", ...type.branches.map((branch) => describe(branch, known))];
    default:
      return [type.kind, logical];
  }
}

function logicalText(logical: AvroLogical | undefined): string {
  if (logical === undefined) return "";
  return logical.kind === "decimal" ? `decimal ${logical.precision} ${logical.scale}` : logical.kind;
}
