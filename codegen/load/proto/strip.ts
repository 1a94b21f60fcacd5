import { create, type Message } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  type SourceCodeInfo,
  type SourceCodeInfo_Location,
} from "@bufbuild/protobuf/wkt";
import { optionNumber, optionsPath } from "../options.ts";

/** The descriptors without our options, the import of our options file, and that file itself. */
export function stripSet(set: FileDescriptorSet): FileDescriptorSet {
  return create(FileDescriptorSetSchema, {
    file: set.file.filter((file) => file.name !== optionsPath).map(stripFile),
  });
}

/** A file's descriptor without our options and without places in the text. */
export function withoutPlaces(file: FileDescriptorProto): FileDescriptorProto {
  const copy = copyOf(file, {});
  delete copy.sourceCodeInfo;
  return copy;
}

function stripFile(file: FileDescriptorProto): FileDescriptorProto {
  const gone = file.dependency.indexOf(optionsPath);
  const shift = (indexes: readonly number[]): number[] =>
    gone < 0
      ? [...indexes]
      : indexes.filter((one) => one !== gone).map((one) => (one > gone ? one - 1 : one));
  return copyOf(file, {
    dependency: file.dependency.filter((path) => path !== optionsPath),
    optionDependency: file.optionDependency.filter((path) => path !== optionsPath),
    publicDependency: shift(file.publicDependency),
    weakDependency: shift(file.weakDependency),
    messageType: file.messageType.map(stripMessage),
    extension: file.extension.map(stripField),
    ...(file.sourceCodeInfo === undefined ? {} : { sourceCodeInfo: commentsOf(file.sourceCodeInfo) }),
  });
}

/** What is left of a file's places: the comments. Who prints looks each of them up among all. */
function commentsOf(info: SourceCodeInfo): SourceCodeInfo {
  const isComment = (one: SourceCodeInfo_Location): boolean =>
    Boolean(one.leadingComments || one.trailingComments || one.leadingDetachedComments.length > 0);
  return copyOf(info, { location: info.location.filter(isComment) });
}

function stripMessage(message: DescriptorProto): DescriptorProto {
  return copyOf(stripOptions(message), {
    field: message.field.map(stripField),
    extension: message.extension.map(stripField),
    nestedType: message.nestedType.map(stripMessage),
  });
}

const stripField = (field: FieldDescriptorProto): FieldDescriptorProto => stripOptions(field);

/** Options that held nothing but ours are left out whole, as a compiler does for a file that has none. */
function stripOptions<T extends { options?: Message | undefined }>(descriptor: T): T {
  const { options } = descriptor;
  const unknown = options?.$unknown;
  if (options === undefined || !unknown?.some((field) => field.no === optionNumber)) return descriptor;
  const kept = unknown.filter((field) => field.no !== optionNumber);
  if (kept.length > 0 || !isBlank(options))
    return copyOf(descriptor, { options: copyOf(options, { $unknown: kept }) } as Partial<T>);
  const copy = copyOf(descriptor, {});
  delete copy.options;
  return copy;
}

/** A copy that keeps the prototype: protobuf-es keeps the defaults of proto2 messages there. */
function copyOf<T extends object>(message: T, changes: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, changes);
}

/** True when no field was set: lists and absent scalars are all that is left. */
function isBlank(options: Message): boolean {
  return Object.entries(options).every(
    ([key, value]) =>
      key.startsWith("$") || value === undefined || (Array.isArray(value) && value.length === 0),
  );
}
