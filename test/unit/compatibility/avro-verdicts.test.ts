import { expect } from "chai";
import { findDialect } from "../../../src/compatibility/dialects.ts";
import { checkCompatibility } from "../../../src/compatibility/engine.ts";
import type { ParsedSchema } from "../../../src/compatibility/parsed.ts";
import type { CompatibilityLevel } from "../../../src/core/event.ts";
import { parseAvro } from "../../../src/schema/avro.ts";

type Told = readonly [registry: "ok" | "no", wire: "safe" | "unsafe" | "warned"];

const inRecord = (type: unknown, namespace = "a"): object => ({
  type: "record",
  name: "R",
  namespace,
  fields: [{ name: "x", type }],
});
const millis = { type: "long", logicalType: "timestamp-millis" };
const micros = { type: "long", logicalType: "timestamp-micros" };

interface Row {
  readonly writer: object;
  readonly reader: object;
  /** Of the reader against the writer, and of the writer's schema as the reader of what the other one writes. */
  readonly there: Told;
  readonly back: Told;
}

const row = (writer: object, reader: object, there: Told, back: Told): Row => ({
  writer,
  reader,
  there,
  back,
});

/** What users trip over. */
const rows: Readonly<Record<string, Row>> = {
  "int read as float": row(inRecord("int"), inRecord("float"), ["ok", "unsafe"], ["no", "unsafe"]),
  "long read as float": row(inRecord("long"), inRecord("float"), ["ok", "unsafe"], ["no", "unsafe"]),
  "long read as double": row(inRecord("long"), inRecord("double"), ["ok", "unsafe"], ["no", "unsafe"]),
  "bytes read as string": row(inRecord("bytes"), inRecord("string"), ["ok", "unsafe"], ["ok", "safe"]),
  "a logical type changed": row(inRecord(millis), inRecord(micros), ["ok", "unsafe"], ["ok", "unsafe"]),
  "the namespace changed": row(inRecord("int"), inRecord("int", "b"), ["ok", "warned"], ["ok", "warned"]),
  "int read as long": row(inRecord("int"), inRecord("long"), ["ok", "safe"], ["no", "unsafe"]),
};

function ask(level: CompatibilityLevel, older: object, newer: object): Told {
  const parse = (schema: object): ParsedSchema => ({
    type: "AVRO",
    schema: parseAvro(JSON.stringify(schema)),
  });
  const { registry, wire } = checkCompatibility({
    history: [{ schema: parse(older) }],
    schema: parse(newer),
    level,
    dialect: findDialect("confluent-head")!,
  });
  const warned = wire.problems.length > 0 ? "warned" : "safe";
  return [registry.compatible ? "ok" : "no", wire.safe ? warned : "unsafe"];
}

/** The wire is judged in every direction that counts, and the worst answer is the answer. */
function worst(one: Told[1], other: Told[1]): Told[1] {
  return (["unsafe", "warned", "safe"] as const).find((told) => told === one || told === other) ?? "unsafe";
}

describe("both verdicts on what users of Avro trip over", () => {
  for (const [name, { writer, reader, there, back }] of Object.entries(rows)) {
    it(`${name}: the newer schema reads, at BACKWARD`, () => {
      expect(ask("BACKWARD", writer, reader)).to.deep.equal(there);
    });

    it(`${name}: the older schema reads, at FORWARD`, () => {
      // Old records come back, so the newer schema has to read what the older one wrote here, too.
      expect(ask("FORWARD", reader, writer)).to.deep.equal([there[0], worst(there[1], back[1])]);
    });

    it(`${name}: the way back, at BACKWARD`, () => {
      expect(ask("BACKWARD", reader, writer)).to.deep.equal(back);
    });

    it(`${name}: both ways, at FULL`, () => {
      const registry = there[0] === "ok" && back[0] === "ok" ? "ok" : "no";
      expect(ask("FULL", writer, reader)).to.deep.equal([registry, worst(there[1], back[1])]);
    });
  }
});
