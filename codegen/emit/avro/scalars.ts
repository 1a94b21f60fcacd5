import { longMark } from "../../../src/schema/avro/longs.ts";
import type { AvroType, LongMark } from "../../../src/schema/avro/model.ts";

/** The primitives that read and write a scalar or fixed, and the arguments behind reader or value. */
export interface ScalarFunctions {
  readonly read: string;
  readonly write: string;
  readonly arguments: readonly number[];
  /** What the read function names in its refusals. */
  readonly field?: string;
}

const plain: Readonly<Partial<Record<AvroType["kind"], string>>> = {
  null: "Null",
  boolean: "Boolean",
  int: "Int",
  long: "Long",
  float: "Float",
  double: "Double",
  bytes: "Bytes",
  string: "String",
};

/** Which functions of the runtime stand for a type without parts. */
export function scalarFunctions(type: AvroType): ScalarFunctions {
  const size = type.kind === "fixed" ? [type.size] : [];
  const named = (stem: string, args: readonly number[] = []): ScalarFunctions => ({
    read: `read${stem}`,
    write: `write${stem}`,
    arguments: args,
  });
  switch (type.logical?.kind) {
    case "date":
      return named("Date");
    case "timestamp-millis":
    case "local-timestamp-millis":
      return named("Timestamp");
    case "uuid":
      return type.kind === "fixed"
        ? named("UuidBytes")
        : { read: "readUuid", write: "writeUuid", arguments: [] };
    case "duration":
      return named("Duration");
    case "decimal": {
      const digits = [type.logical.precision, type.logical.scale];
      return type.kind === "fixed" ? named("FixedDecimal", [...size, ...digits]) : named("Decimal", digits);
    }
    default: {
      const mark = longMark(type);
      if (mark !== undefined) return markedLong(mark);
      return type.kind === "fixed" ? named("Fixed", size) : named(plain[type.kind] ?? "Null");
    }
  }
}

function markedLong({ as, field }: LongMark): ScalarFunctions {
  return as === "NUMBER"
    ? { read: "readLongNumber", write: "writeLongNumber", arguments: [], field }
    : { read: "readLongString", write: "writeLongString", arguments: [] };
}

/** Fewest bytes that a value can take: a count of items that cannot fit is refused before any is read. */
export function minBytes(type: AvroType, known: Map<string, number> = new Map()): number {
  switch (type.kind) {
    case "null":
      return 0;
    case "float":
      return 4;
    case "double":
      return 8;
    case "fixed":
      return type.size;
    case "union":
      return 1 + Math.min(...type.branches.map((branch) => minBytes(branch, known)));
    case "record": {
      const found = known.get(type.name);
      if (found !== undefined) return found;
      // While its own fields are summed up, a recursive record counts as nothing: the result stays a lower bound.
      known.set(type.name, 0);
      const sum = type.fields.reduce((total, field) => total + minBytes(field.type, known), 0);
      known.set(type.name, sum);
      return sum;
    }
    default:
      return 1;
  }
}
