import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Dialect, findDialect } from "../../../src/compatibility/dialects.ts";
import type { Verdict } from "../../../src/compatibility/difference.ts";
import { checkCompatibility } from "../../../src/compatibility/engine.ts";
import { parseSchema } from "../../../src/compatibility/parse.ts";
import { protobufKinds } from "../../../src/compatibility/protobuf/kinds.ts";
import { protobufWireKinds } from "../../../src/compatibility/wire-protobuf/kinds.ts";
import { disagreements } from "../../support/proto-cases/disagreements.ts";
import { type ChangeSample, changeSamples } from "../../support/wire-samples.ts";

const reference = readFileSync(join(import.meta.dirname, "../../../docs/reference/compatibility.md"), "utf8");

/** The part of the reference below a heading. */
function sectionOf(heading: string): string {
  const found = reference.split("\n## ").find((section) => section.startsWith(heading));
  if (found === undefined) throw new Error(`no section ${heading}`);
  return found;
}

/** The cells of a table, without its head. */
function rowsOf(section: string): readonly (readonly string[])[] {
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

function head(): Dialect {
  const dialect = findDialect("confluent-head");
  if (dialect === undefined) throw new Error("the dialect is gone");
  return dialect;
}

function ask({ older, newer, imported = {} }: ChangeSample, level: "BACKWARD" | "FORWARD"): Verdict {
  const imports = Object.entries(imported).map(([name, text]) => ({ name, text }));
  const [before, after] = [
    parseSchema({ type: "PROTOBUF", text: older }),
    parseSchema({ type: "PROTOBUF", text: newer, imports }),
  ];
  return checkCompatibility({ history: [{ schema: before }], schema: after, level, dialect: head() });
}

/** The row that the reference has to have. */
function rowFor(name: string, sample: ChangeSample): readonly string[] {
  const [backward, forward] = [ask(sample, "BACKWARD"), ask(sample, "FORWARD")];
  const registry = [backward, forward].map((one) => (one.registry.compatible ? "ok" : "**no**"));
  const wire = !backward.wire.safe
    ? "**unsafe**"
    : forward.wire.safe
      ? "safe"
      : "safe; **unsafe** for old readers";
  return [name, ...registry, wire];
}

describe("the reference on compatibility", () => {
  it("gives both verdicts on what people trip over as the engine does", () => {
    const rows = rowsOf(sectionOf("What people trip over"));
    expect(rows.map((cells) => cells.slice(0, 4))).to.deep.equal(
      Object.entries(changeSamples).map(([name, sample]) => rowFor(name, sample)),
    );
  });

  it("has every wire problem of Protobuf with its advice", () => {
    expect(rowsOf(sectionOf("Wire problems of Protobuf"))).to.deep.equal(
      Object.entries(protobufWireKinds).map(([kind, { severity, meaning, advice }]) => [
        ...[`\`${kind}\``, severity, meaning, advice.backward],
        advice.forward === advice.backward ? "the same" : advice.forward,
      ]),
    );
  });

  it("has every kind of the registry once", () => {
    const kinds = [...sectionOf("Kinds of the registry").matchAll(/`([A-Z_]+)`/g)].map(([, kind]) => kind);
    expect(kinds).to.have.members(protobufKinds);
  });

  it("names every rule by which buf's answers differ", () => {
    const names = [...sectionOf("Where `buf breaking`").matchAll(/^- \*\*(.+)\.\*\*/gm)].map(
      ([, name]) => name,
    );
    expect(names).to.have.members(disagreements.map(({ name }) => name));
  });
});
