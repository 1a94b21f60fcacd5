import { expect } from "chai";
import { levelsByStrength } from "../../../src/compatibility/levels.ts";
import { parseSchema } from "../../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../../src/compatibility/parsed.ts";
import type { CompatibilityLevel } from "../../../src/core/event.ts";
import { compatibilityLevels } from "../../../src/core/event.ts";
import { avro, check, dialectOf, failures, proto, record } from "../../support/compatibility.ts";

const a = '{"name": "a", "type": "int"}';
const b = '{"name": "b", "type": "int"}';
const c = '{"name": "c", "type": "int"}';
const withDefault = (field: string): string => field.replace("}", ', "default": 0}');

// R reads what lacks b only where b has a default: {a} → {a, b} fails backward, {a, b} → {a} fails forward.
const onlyA = record(a);
const both = record(a, b);
const bothWithDefault = record(a, withDefault(b));

const isCompatible = (history: readonly ParsedSchema[], schema: ParsedSchema, level: CompatibilityLevel) =>
  check(history, schema, level).registry.compatible;

function levelsThatTake(history: readonly ParsedSchema[], schema: ParsedSchema): string[] {
  return compatibilityLevels.filter((level) => isCompatible(history, schema, level));
}

describe("the seven levels", () => {
  it("take every schema where nothing is registered", () => {
    expect(levelsThatTake([], both)).to.deep.equal(compatibilityLevels);
    expect(check([], both, "FULL_TRANSITIVE").wire).to.deep.equal({ safe: true, problems: [] });
  });

  it("ask for what their names say of one older version", () => {
    expect(levelsThatTake([onlyA], both)).to.deep.equal(["NONE", "FORWARD", "FORWARD_TRANSITIVE"]);
    expect(levelsThatTake([both], onlyA)).to.deep.equal(["NONE", "BACKWARD", "BACKWARD_TRANSITIVE"]);
    expect(levelsThatTake([onlyA], bothWithDefault)).to.deep.equal(compatibilityLevels);
    expect(levelsThatTake([record(b)], record(c))).to.deep.equal(["NONE"]);
  });

  it("look at the newest version only, unless they are transitive", () => {
    const neither = ["NONE", "FORWARD", "FORWARD_TRANSITIVE", "BACKWARD", "FULL"];
    expect(levelsThatTake([onlyA, both], both)).to.have.members(neither);
    const young = ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FULL"];
    expect(levelsThatTake([both, onlyA], onlyA)).to.have.members(young);
    expect(levelsThatTake([record(b), onlyA], onlyA)).to.have.members([
      "NONE",
      "BACKWARD",
      "FORWARD",
      "FULL",
    ]);
  });

  it("do the same for Protobuf", () => {
    const one = proto("message A {}");
    const two = proto("message A {} message B {}");
    expect(levelsThatTake([one], two)).to.deep.equal(["NONE", "BACKWARD", "BACKWARD_TRANSITIVE"]);
    expect(levelsThatTake([two], one)).to.deep.equal(["NONE", "FORWARD", "FORWARD_TRANSITIVE"]);
    expect(levelsThatTake([two, one], one)).to.have.members([
      ...["NONE", "BACKWARD", "FORWARD", "FORWARD_TRANSITIVE", "FULL"],
    ]);
  });

  it("take even another type of schema at NONE, and say nothing of it", () => {
    const { registry, wire } = check([onlyA], proto("message R { int32 a = 1; }"), "NONE");
    expect(registry).to.deep.equal({ compatible: true, differences: [] });
    expect(wire.safe).to.equal(false);
  });
});

describe("a history", () => {
  it("is walked from the newest version and left at the first that fails", () => {
    // Every version fails; only the newest is named.
    const broken = check([record(b), record(c)], onlyA, "BACKWARD_TRANSITIVE");
    expect(failures(broken)).to.deep.equal(["backward 1 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0"]);
    // The newest passes; of the two that fail the newer one is named.
    const deep = check([record(b), record(c), onlyA], onlyA, "BACKWARD_TRANSITIVE");
    expect(failures(deep)).to.deep.equal(["backward 1 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0"]);
  });

  it("names no version but the failing one, not even with compatible differences", () => {
    const three = [
      proto("message A { string x = 1; }"),
      proto("message A { string y = 1; }"),
      proto("message A { string y = 1; int32 b = 2; }"),
    ];
    const broken = [proto("message A { int32 a = 1; }"), ...three];
    const { registry } = check(broken, proto("message A { string z = 1; }"), "BACKWARD_TRANSITIVE");
    expect(registry.compatible).to.equal(false);
    expect(new Set(registry.differences.map(({ against }) => against))).to.deep.equal(new Set([0]));
    const fine = check(three, proto("message A { string z = 1; }"), "BACKWARD_TRANSITIVE").registry;
    expect(fine.compatible).to.equal(true);
    expect(fine.differences.map(({ kind, against }) => `${against} ${kind}`)).to.deep.equal([
      ...["2 FIELD_NAME_CHANGED", "2 FIELD_REMOVED", "1 FIELD_NAME_CHANGED", "0 FIELD_NAME_CHANGED"],
    ]);
  });

  it("holds undeleted versions only", () => {
    const deleted = { schema: record(b), isDeleted: true };
    expect(check([onlyA, deleted], onlyA, "FULL").registry.compatible).to.equal(true);
    expect(check([deleted, onlyA], onlyA, "FULL_TRANSITIVE").registry.compatible).to.equal(true);
    expect(check([deleted], onlyA, "FULL_TRANSITIVE").wire.safe).to.equal(true);
    const kept = { ...deleted, isDeleted: false };
    expect(failures(check([onlyA, kept], onlyA, "BACKWARD"))).to.deep.equal([
      "backward 1 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0",
    ]);
  });

  it("is filtered by group before its newest version is chosen", () => {
    const history = [
      { schema: onlyA, group: "eu" },
      { schema: record(b), group: "us" },
      { schema: record(c) },
    ];
    const ask = (compatibilityGroup?: string): string[] =>
      failures(
        check(history, onlyA, "BACKWARD", compatibilityGroup === undefined ? {} : { compatibilityGroup }),
      );
    expect(ask("eu")).to.deep.equal([]);
    expect(ask("us")).to.deep.equal(["backward 1 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0"]);
    expect(ask("asia")).to.deep.equal([]);
    // Without a value: the versions that have none. Without groups: all of them.
    expect(ask("")).to.deep.equal(["backward 2 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0"]);
    expect(ask()).to.deep.equal(["backward 2 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0"]);
    expect(check(history, onlyA, "BACKWARD", { compatibilityGroup: "eu" }).wire.safe).to.equal(true);
  });
});

describe("the differences of the registry", () => {
  it("of FULL tell first what old readers cannot read", () => {
    expect(failures(check([record(b)], record(c), "FULL"))).to.deep.equal([
      "forward 0 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0",
      "backward 0 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0",
    ]);
  });

  it("of another type of schema are one, whatever the level", () => {
    for (const level of compatibilityLevels.slice(1)) {
      const { differences, compatible } = check([onlyA], proto("message R {}"), level).registry;
      expect(compatible).to.equal(false);
      expect(differences).to.have.length(1);
      expect(differences[0]).to.include({
        kind: "SCHEMA_TYPE_CHANGED",
        path: "/",
        message: "Incompatible because of different schema type",
      });
    }
  });

  it("of a comparison that throws are one that says so", () => {
    const broken = (type: "AVRO" | "PROTOBUF"): ParsedSchema =>
      ({
        type,
        get schema(): never {
          throw new Error("boom");
        },
      }) as ParsedSchema;
    for (const type of ["AVRO", "PROTOBUF"] as const) {
      const { registry, wire } = check([broken(type)], broken(type), "BACKWARD");
      expect(registry.differences).to.have.length(1);
      expect(registry.differences[0]).to.include({
        kind: "EXCEPTION",
        message: "Unexpected exception during compatibility check",
        compatible: false,
      });
      expect(wire.problems.map(({ kind }) => kind)).to.deep.equal(["NOT_JUDGED"]);
    }
  });

  it("advise against what cannot be compared for its size with what the bound was", () => {
    // Every branch of the one is tried with every branch of the other.
    const union = (letter: string): ParsedSchema =>
      avro(
        `[${Array.from({ length: 1_100 }, (_, at) => `{"type": "record", "name": "${letter}${at}", "fields": []}`)}]`,
      );
    const [first] = check([union("A")], union("B"), "BACKWARD").registry.differences;
    expect(first?.kind).to.equal("EXCEPTION");
    expect(first?.advice).to.match(/^Split the schema .+steps/);
  });

  it("follow the dialect for Protobuf, which the answer names as it was asked for", () => {
    const older = proto("message A {}");
    const other = check([older], proto("message A {} message B {}"), "FORWARD", {
      dialect: dialectOf("confluent-7.6.0"),
    });
    expect([other.dialect, other.ruleSet]).to.deep.equal(["confluent-7.6.0", "B"]);
    const inPackageQ = parseSchema({
      type: "PROTOBUF",
      text: 'syntax = "proto3"; package q; message A {}',
    });
    const packaged = (dialect: string): boolean =>
      check([older], inPackageQ, "BACKWARD", { dialect: dialectOf(dialect) }).registry.compatible;
    expect(packaged("confluent-7.6.0")).to.equal(true);
    expect(packaged("confluent-7.6.1")).to.equal(false);
  });
});

describe("the strongest level", () => {
  it("is the first of its order that takes the change, and is told only when the asked one does not", () => {
    for (const [history, schema, level, strongest] of [
      [[onlyA], both, "BACKWARD", "FORWARD_TRANSITIVE"],
      [[both], onlyA, "FORWARD", "BACKWARD_TRANSITIVE"],
      [[record(b), onlyA], onlyA, "FULL_TRANSITIVE", "FULL"],
      [[both, onlyA], onlyA, "FULL_TRANSITIVE", "FULL"],
      [[record(b)], record(c), "FORWARD", "NONE"],
      [[onlyA], bothWithDefault, "FULL_TRANSITIVE", undefined],
    ] as const)
      expect(check(history, schema, level).registry.strongest).to.equal(strongest);
    expect(levelsByStrength).to.have.members(compatibilityLevels);
  });
});

describe("the wire verdict over a history", () => {
  const wire = (
    history: readonly ParsedSchema[],
    schema: ParsedSchema,
    level: CompatibilityLevel,
  ): string[] =>
    check(history, schema, level).wire.problems.map(
      ({ direction, against, kind, path }) => `${direction} ${against} ${kind} ${path}`,
    );
  const text = proto("message A { string a = 1; }");
  const number = proto("message A { int32 a = 1; }");

  it("judges new against every old version at every level, and old against new where the level asks", () => {
    for (const level of compatibilityLevels) {
      const found = wire([text, proto("message A { reserved 1; }")], number, level);
      expect(found, level).to.include("backward 0 TYPE_CHANGED #/A/1");
      expect(found.includes("forward 0 TYPE_CHANGED #/A/1"), level).to.equal(
        level === "FORWARD_TRANSITIVE" || level === "FULL_TRANSITIVE",
      );
    }
    const direct = wire([text], number, "FULL");
    expect(direct).to.deep.equal(["backward 0 TYPE_CHANGED #/A/1", "forward 0 TYPE_CHANGED #/A/1"]);
  });

  it("reads with the new schema what the old one wrote, and the other way round", () => {
    expect(wire([onlyA], both, "FULL")).to.deep.equal(["backward 0 FIELD_WITHOUT_DEFAULT /fields/1"]);
    expect(wire([both], onlyA, "FULL")).to.deep.equal(["forward 0 FIELD_WITHOUT_DEFAULT /fields/1"]);
  });

  it("tells a problem once, of the newest version that has it", () => {
    expect(wire([text, text, text], number, "BACKWARD")).to.deep.equal(["backward 2 TYPE_CHANGED #/A/1"]);
  });

  it("leaves out what is wrong between released versions already", () => {
    expect(wire([text, number], number, "BACKWARD")).to.deep.equal([]);
    expect(wire([text, number], proto("message A { string a = 1; }"), "BACKWARD")).to.deep.equal([
      "backward 1 TYPE_CHANGED #/A/1",
    ]);
    expect(
      wire([text, number], proto("message A { int32 a = 1; int32 b = 2; }"), "FULL_TRANSITIVE"),
    ).to.deep.equal([]);
  });

  it("takes another type of schema for a problem", () => {
    expect(wire([text], onlyA, "NONE")).to.deep.equal(["backward 0 SCHEMA_TYPE_CHANGED /"]);
    // The newest version has that problem against the oldest already.
    expect(wire([text, onlyA], onlyA, "NONE")).to.deep.equal([]);
  });

  it("is safe in spite of warnings", () => {
    const older = avro('{"type": "record", "name": "R", "namespace": "a", "fields": []}');
    const { safe, problems } = check(
      [older],
      avro('{"type": "record", "name": "R", "namespace": "b", "fields": []}'),
      "FULL",
    ).wire;
    expect(problems.map(({ severity }) => severity)).to.deep.equal(["warning", "warning"]);
    expect(safe).to.equal(true);
  });
});
