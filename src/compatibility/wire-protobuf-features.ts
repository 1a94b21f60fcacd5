import type { ProtoOption, ProtoValue } from "../schema/proto-model.ts";

/** A feature of an edition, on the thing itself or else on its file; as an identifier. */
export function findFeature(
  own: readonly ProtoOption[],
  ofFile: readonly ProtoOption[],
  feature: string,
): string | undefined {
  return featureIn(own, feature) ?? featureIn(ofFile, feature);
}

/** Reads both `features.x = Y` and `features = { x: Y }`. */
function featureIn(options: readonly ProtoOption[], feature: string): string | undefined {
  for (const { name, value } of options) {
    const [first, second] = name;
    if (first === undefined || first.isExtension || first.name !== "features") continue;
    if (name.length === 1 && value.kind === "message") {
      const found = value.fields.find((field) => !field.isExtension && field.name === feature);
      if (found !== undefined) return wordOf(found.value);
    }
    if (name.length === 2 && second?.isExtension === false && second.name === feature) return wordOf(value);
  }
  return undefined;
}

function wordOf(value: ProtoValue): string | undefined {
  return value.kind === "identifier" ? value.text : undefined;
}
