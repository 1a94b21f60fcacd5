import type { AvroLogical, AvroType } from "../../schema/avro/model.ts";
import type { AvroWireKind } from "./kinds.ts";

export interface ValueChange {
  readonly kind: AvroWireKind;
  readonly message: string;
}

/** What becomes of a single value of `writer` that is read as `reader`, where its bytes can be read so at all. */
export function findValueChange(writer: AvroType, reader: AvroType): ValueChange | undefined {
  return (
    logicalChange(writer, reader) ??
    (writer.kind === "bytes" && reader.kind === "string"
      ? { kind: "BYTES_READ_AS_TEXT", message: "bytes are read as text, but need not be UTF-8" }
      : precisionChange(writer, reader))
  );
}

/** Whole numbers up to this power of two are exact. */
const exactBits: Readonly<Partial<Record<AvroType["kind"], number>>> = { float: 24, double: 53 };
const writtenBits: Readonly<Partial<Record<AvroType["kind"], number>>> = { int: 32, long: 64 };

function precisionChange(writer: AvroType, reader: AvroType): ValueChange | undefined {
  const [written, exact] = [writtenBits[writer.kind], exactBits[reader.kind]];
  if (written === undefined || exact === undefined || written <= exact) return undefined;
  const message = `${writer.kind} is read as ${reader.kind}, which rounds whole numbers beyond 2^${exact}`;
  return { kind: "PRECISION_LOST", message };
}

function logicalChange(writer: AvroType, reader: AvroType): ValueChange | undefined {
  const [written, read] = [writer.logical, reader.logical];
  if (written?.kind === "decimal" && read?.kind === "decimal") return decimalChange(written, read);
  if (written?.kind === read?.kind) return undefined;
  // A UUID without the annotation is the same text.
  if (written?.kind === "uuid" && read === undefined && writer.kind === "string") return undefined;
  const message = `${describe(writer)} is read as ${describe(reader)}: the same bytes, another meaning`;
  return { kind: "LOGICAL_TYPE_CHANGED", message };
}

type Decimal = AvroLogical & { readonly kind: "decimal" };

function decimalChange(written: Decimal, read: Decimal): ValueChange | undefined {
  if (written.scale !== read.scale) {
    const message = `a decimal of scale ${written.scale} is read with scale ${read.scale}`;
    return { kind: "DECIMAL_SCALE_CHANGED", message };
  }
  if (written.precision <= read.precision) return undefined;
  const message = `a decimal of ${written.precision} digits is read as one of ${read.precision}`;
  return { kind: "DECIMAL_PRECISION_LOWERED", message };
}

function describe({ kind, logical }: AvroType): string {
  return logical === undefined ? `plain ${kind}` : `${logical.kind} (${kind})`;
}
