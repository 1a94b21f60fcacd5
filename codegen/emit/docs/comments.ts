import type { AnyDesc, DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";

type Documented = DescMessage | DescEnum | DescField | (AnyDesc & { readonly kind: "enum_value" });

/** The comment in front of a declaration, without comment marks. */
export function protobufComment(desc: Documented): string {
  const path = pathOf(desc).join();
  const locations = fileOf(desc).proto.sourceCodeInfo?.location ?? [];
  const comment = locations.find((one) => one.path.join() === path)?.leadingComments ?? "";
  return comment
    .split("\n")
    .map((line) => line.replace(/^ /, "").trimEnd())
    .join("\n")
    .trim();
}

function fileOf(desc: Documented): DescMessage["file"] {
  return "file" in desc ? desc.file : desc.parent.file;
}

/** Where a declaration stands in its file's descriptor. */
function pathOf(desc: Documented): readonly number[] {
  switch (desc.kind) {
    case "message":
      return desc.parent === undefined
        ? [4, desc.file.proto.messageType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), 3, desc.parent.proto.nestedType.indexOf(desc.proto)];
    case "enum":
      return desc.parent === undefined
        ? [5, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), 4, desc.parent.proto.enumType.indexOf(desc.proto)];
    case "field":
      return [...pathOf(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
    case "enum_value":
      return [...pathOf(desc.parent), 2, desc.parent.proto.value.indexOf(desc.proto)];
  }
}
