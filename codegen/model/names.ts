import type { DescEnum, DescMessage } from "@bufbuild/protobuf";

export { propertyName } from "../../src/schema/avro/shape.ts";

// What protobuf-es reserves: in a `_pb.ts` file exactly these get a `$`.
const protobufReserved: ReadonlySet<string> = new Set(
  `break case catch class const continue debugger default delete do else export extends false finally for
  function if import in instanceof new null return super switch this throw true try typeof var void while with
  yield enum implements interface let package private protected public static Object bigint number boolean
  string object globalThis Uint8Array Partial`.split(/\s+/),
);

// What modules forbid, and what our own files use under its global name.
const alsoReserved: ReadonlySet<string> = new Set(
  `any arguments as asserts async await eval get infer is keyof module namespace never of readonly require set
  symbol type undefined unique unknown using Array BigInt Boolean Date Error Function Infinity Map NaN Number
  Promise Readonly ReadonlyArray ReadonlyMap Record RegExp Set String Symbol`.split(/\s+/),
);

const devices = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** A name that may stand where JavaScript or TypeScript would take it for something else gets a `$`. */
export function safeIdentifier(name: string): string {
  return protobufReserved.has(name) || alsoReserved.has(name) ? `${name}$` : name;
}

/** The name, with a number behind a `$` where it is taken: no schema's own name looks so. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}$${count}`;
  return name;
}

/** `SystemAlert` and `attributes`, `item` → `SystemAlertAttributesItem`: the type of what stands there. */
export function memberTypeName(record: string, path: readonly string[]): string {
  const words = path.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return safeIdentifier(`${record}${words.join("")}`);
}

/** True for a name that both formats take: a letter or `_`, then letters, digits or `_`. */
export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** True for a path segment that some system reserves for a device. */
export function isDeviceName(segment: string): boolean {
  return devices.test(segment);
}

/** The words of a name: split at anything that is no letter or digit, and where a new capital begins. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
}

function camelCase(text: string): string {
  const joined = wordsOf(text)
    .map((word, at) => (at === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join("");
  return /^[0-9]/.test(joined) || joined === "" ? `_${joined}` : joined;
}

/** `OrderPlaced` → `orderPlaced`, `APIRequest` → `apiRequest`, `order_placed` → `orderPlaced`. */
export function methodName(messageOrRecord: string): string {
  return camelCase(messageOrRecord);
}

/** `order-events` → `orderEvents`: the stem of a topic's factories and types. */
export function topicIdentifier(topic: string): string {
  return safeIdentifier(camelCase(topic));
}

/** `OrderPlaced` → `order-placed`, for file names. */
export function kebabCase(text: string): string {
  const words = wordsOf(text).join("-").toLowerCase();
  return words === "" ? "_" : words;
}

/** The type name that protobuf-es prints: package dropped, nesting joined by `_`, reserved words with `$`. */
export function protobufTypeName(type: DescMessage | DescEnum): string {
  const space = type.file.proto.package;
  const local = type.typeName.slice(space === "" ? 0 : space.length + 1).replaceAll(".", "_");
  return protobufReserved.has(local) ? `${local}$` : local;
}

/** `orders/v1/order_placed.proto` → `orders/v1/order_placed_pb.ts`. */
export function messagesPath(protoPath: string): string {
  return `${protoPath.replace(/\.proto$/, "")}_pb.ts`;
}

/** `orders/v1/order_placed.proto` → `orders/v1/order_placed_events.ts`. */
export function eventsPath(protoPath: string): string {
  return `${protoPath.replace(/\.proto$/, "")}_events.ts`;
}

/** `payments.v1` and `PaymentCaptured` → `payments/v1/payment-captured.ts`. */
export function avroPath(type: { readonly namespace: string; readonly simpleName: string }): string {
  const folders = type.namespace === "" ? [] : type.namespace.split(".");
  return [...folders, `${kebabCase(type.simpleName)}.ts`].join("/");
}

/** `order-events` → `topics/order-events.ts`. */
export function topicPath(topic: string): string {
  return `topics/${topic}.ts`;
}

/** `orders.v1` → `packages/orders.v1.ts`, for packages with an event whose name another package has too. */
export function packagePath(name: string): string {
  return `packages/${name === "" ? "_" : name}.ts`;
}

export const catalogPath = "index.ts";
