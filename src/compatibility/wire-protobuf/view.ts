import { createFeatures, type ProtoFeatures } from "../../schema/proto/features.ts";
import type { ProtoEnum, ProtoFile, ProtoMessage } from "../../schema/proto/model.ts";
import type { ProtoSchema } from "../../schema/proto/schema.ts";
import { createDefinitions, type Definitions, namedView } from "./definitions.ts";
import { collectExtensions, type FoundExtension } from "./extensions.ts";
import { buildField, type DefinitionOf } from "./fields.ts";
import type { EnumNumbers, EnumView, FieldView, MessageView } from "./model.ts";

/** What the encoding knows of a schema; made piece by piece as it is asked for. */
export interface SchemaView extends Definitions {
  message(definition: DefinitionOf<"message">): MessageView;
  enumeration(definition: DefinitionOf<"enum">): EnumView;
}

export function createSchemaView(schema: ProtoSchema): SchemaView {
  const definitions = createDefinitions(schema);
  const messages = new Map<ProtoMessage, MessageView>();
  const enums = new Map<ProtoEnum, EnumView>();
  const lookups = new Map<ProtoFile, ReturnType<typeof createFeatures>>();
  const features = (file: ProtoFile, type?: ProtoMessage | ProtoEnum): ProtoFeatures => {
    const lookup = lookups.get(file) ?? createFeatures(file);
    lookups.set(file, lookup);
    return lookup(type);
  };
  let extensions: ReadonlyMap<ProtoMessage, readonly FoundExtension[]> | undefined;
  // Only where there are ranges for them can there be extensions.
  const extensionsOf = (type: ProtoMessage): readonly FoundExtension[] => {
    if (type.extensionRanges.length === 0) return [];
    extensions ??= collectExtensions(schema, definitions.all());
    return extensions.get(type) ?? [];
  };

  const enumeration = (definition: DefinitionOf<"enum">): EnumView => {
    const known = enums.get(definition.type);
    if (known !== undefined) return known;
    const made = buildEnum(definition, features(definition.file, definition.type));
    enums.set(definition.type, made);
    return made;
  };
  const message = (definition: DefinitionOf<"message">): MessageView => {
    const { type, file, path } = definition;
    const known = messages.get(type);
    if (known !== undefined) return known;
    const owner = namedView(type, definition);
    const context = { owner, schema, message, enumeration };
    const place = {
      scope: type.fullName,
      features: features(file, type),
      ...(path === undefined ? {} : { path }),
    };
    let fields: readonly FieldView[] | undefined;
    const made: MessageView = {
      ...{ identity: type, ...owner },
      ...{ reservedRanges: type.reservedRanges, extensionRanges: type.extensionRanges },
      // Later, because types refer to each other in circles.
      get fields() {
        fields ??= [
          ...type.fields.map((field) => buildField(field, place, context)),
          ...extensionsOf(type).map((one) => ({
            ...buildField(one.field, { ...one, features: features(one.file) }, context),
            isExtension: true,
          })),
        ];
        return fields;
      },
    };
    messages.set(type, made);
    return made;
  };
  return { ...definitions, message, enumeration };
}

function buildEnum(definition: DefinitionOf<"enum">, features: ProtoFeatures): EnumView {
  const { type } = definition;
  let numbers: EnumNumbers | undefined;
  return {
    ...{ type, ...namedView(type, definition) },
    isClosed: features.enums === "closed",
    get numbers() {
      numbers ??= numbersOf(type);
      return numbers;
    },
  };
}

function numbersOf({ values }: ProtoEnum): EnumNumbers {
  const all = new Set(values.map(({ number }) => number));
  const [first = Number.NaN] = all;
  let [min, max] = [first, first];
  for (const number of all) {
    min = Math.min(min, number);
    max = Math.max(max, number);
  }
  return { all, min, max };
}
