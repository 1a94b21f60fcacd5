import type { EventModel, FieldPath, ProjectModel, Sourced } from "../../codegen/model/model.ts";
import { methodName, topicIdentifier } from "../../codegen/model/names.ts";
import type { AvroNamedType, AvroRecord } from "../../src/schema/avro/model.ts";
import { parseAvro } from "../../src/schema/avro.ts";

/** Text that tries to leave every place that it is printed to. Each attempt would set a global. */
export const hostileTexts: readonly string[] = [
  "*/ globalThis.pwned = 1; /*",
  "**//*/ globalThis.pwned = 2; //",
  "\u002a\u002f globalThis.pwned = 3;",
  "\\u002a\\u002f globalThis.pwned = 4;",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it must stay a plain string, here and where it is printed.
  "`; globalThis.pwned = 5; `${globalThis.pwned = 6}",
  '"; globalThis.pwned = 7; "',
  "'; globalThis.pwned = 8; '",
  "\u2028globalThis.pwned = 9;\u2029globalThis.pwned = 10;",
  "line\n*/\nglobalThis.pwned = 11;\r/*\r\n*/globalThis.pwned=12",
  "@ts-nocheck\n@ts-ignore\n@ts-expect-error",
  "//# sourceMappingURL=file:///etc/passwd",
  "</script><!-- --> \u0000\u0007\u001b[31m \ud800 \u202e\u2066",
  "trailing backslash \\",
  "ends with a star *",
];

/** Names that JavaScript finds on every object or treats in some way of its own. */
export const hostileNames: readonly string[] = [
  ..."__proto__ constructor prototype hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString".split(
    " ",
  ),
  ..."valueOf __defineGetter__ __lookupGetter__ then toJSON await class default arguments eval let static".split(
    " ",
  ),
  ..."r w value at init depth count items end index key item own kind readString".split(" "),
];

const typeNames =
  "Date Object String Number Record Readonly Array Promise Uint8Array Map Reader Writer At Codec EventType Timestamp Int Null await class_ default_ enum_ undefined NaN own uuid k".split(
    " ",
  );

const doc = hostileTexts.join("\n");

/** Avro schemas of everything that is awkward at once. */
export const tortureSchemas: readonly string[] = [
  JSON.stringify({
    type: "record",
    name: "Names",
    namespace: "torture.v1",
    doc,
    deprecated: hostileTexts[0],
    fields: [
      ...hostileNames.map((name, at) => ({
        name,
        type: "string",
        doc: hostileTexts[at % hostileTexts.length],
      })),
      ...hostileNames.map((name) => ({ name: `${name}_d`, type: "string", default: hostileTexts[5] })),
    ],
  }),
  ...typeNames.map((name, at) =>
    JSON.stringify({
      type: "record",
      name,
      namespace: "torture.types",
      doc: hostileTexts[at % hostileTexts.length],
      fields: [
        { name: "at", type: { type: "long", logicalType: "timestamp-millis" }, default: 0 },
        { name: "bytes", type: "bytes", default: "\u00ff\u0000" },
        { name: "map", type: { type: "map", values: ["null", "string", name] }, default: {} },
        { name: "self", type: ["null", name], default: null },
      ],
    }),
  ),
  JSON.stringify({
    type: "record",
    name: "Twin",
    namespace: "a",
    fields: [
      {
        name: "either",
        type: [
          { type: "record", name: "Twin", namespace: "b", fields: [{ name: "left", type: "int" }] },
          {
            type: "record",
            name: "Twin",
            namespace: "c.b",
            fields: [{ name: "right", type: ["null", "a.Twin"] }],
          },
          { type: "array", items: "a.Twin" },
          { type: "map", values: "b.Twin" },
          "null",
          { type: "fixed", name: "Sixteen", size: 16 },
          {
            type: "enum",
            name: "Symbols",
            doc,
            symbols: ["__proto__", "constructor", "default", "A"],
            default: "A",
          },
        ],
      },
      {
        name: "amount",
        type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
        default: "\u00ff\u00fe",
      },
      { name: "day", type: { type: "int", logicalType: "date" }, default: -719_528 },
      { name: "big", type: "long", default: "BIG" },
      {
        name: "inner",
        type: { type: "record", name: "Empty", fields: [] },
        default: {},
      },
      { name: "single", type: ["string"], default: hostileTexts[5] },
      { name: "listed", type: { type: "array", items: ["int", "string"] }, default: [] },
      {
        name: "mapped",
        type: { type: "map", values: "string" },
        default: { ["__proto__"]: "x", constructor: "y" },
      },
    ],
  }).replace('"BIG"', "9007199254740993"),
];

/** All named types of the torture schemas. */
export function tortureTypes(): readonly AvroNamedType[] {
  return tortureSchemas.flatMap((text) => [...parseAvro(text).named.values()]);
}

const at = { file: "torture.avsc", line: 1, column: 1 };
const sourced = <T>(value: T): Sourced<T> => ({ value, from: { kind: "schema", at } });

/** An event of a record, with text of the schema's author wherever text is allowed. */
export function tortureEvent(
  record: AvroRecord,
  topic: string,
  keyField: string,
  leaf: FieldPath["leaf"] = "string",
): EventModel {
  const path: FieldPath = { text: keyField, properties: [keyField], leaf, at };
  return {
    format: "avro",
    name: record.name,
    identifier: record.simpleName,
    method: methodName(record.simpleName),
    at,
    doc,
    deprecated: doc,
    options: {
      type: sourced(`${hostileTexts[5]}${hostileTexts[7]}`),
      topic: sourced(topic),
      key: sourced(path),
      id: sourced(path),
      compatibility: sourced("BACKWARD" as const),
      retryDelaysMs: sourced([1000]),
      deadLetter: sourced(`${topic}-dlq`),
      ordered: sourced(false),
      serialization: sourced("BINARY"),
      owner: sourced(hostileTexts.join(" ")),
      subject: sourced(`${topic}-${record.name}`),
    },
    sensitive: [...hostileTexts],
    index: [],
    wire: { schema: JSON.stringify(hostileTexts), references: [], fingerprint: "00" },
    source: { kind: "avro", record },
  };
}

/** A project of the torture schemas: two packages that share an event's name among them. */
export function tortureModel(): ProjectModel {
  const types = tortureTypes();
  const record = (name: string): AvroRecord => {
    const found = types.find((type) => type.name === name);
    if (found?.kind !== "record") throw new Error(`no record ${name}`);
    return found;
  };
  const names = tortureEvent(record("torture.v1.Names"), "names.and_more-1", "then");
  const left = tortureEvent(record("a.Twin"), "twins", "single");
  const right = tortureEvent(record("torture.types.Date"), "dates", "at", "timestamp");
  const other = { ...tortureEvent(record("b.Twin"), "others", "left", "int") };
  const events = [left, other, names, right];
  const topics = events.map((event) => {
    const name = event.options.topic.value;
    return { name, identifier: topicIdentifier(name), events: [event] };
  });
  return { events, topics, avroTypes: types.map((type) => ({ type, at })) };
}
