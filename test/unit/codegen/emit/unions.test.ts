import { expect } from "chai";
import { planFiles } from "../../../../codegen/emit/emit.ts";
import type { FilePlan } from "../../../../codegen/emit/output.ts";
import { emptyLock, updateLock } from "../../../../codegen/model/lock.ts";
import { releaseDraft } from "../../../../codegen/model/lock-release.ts";
import { buildTree } from "../../../support/schema-tree.ts";

interface Field {
  readonly name: string;
  readonly type: unknown;
}

const record = (name: string, ...fields: readonly Field[]): object => ({ type: "record", name, fields });

/** The file of a record, as it is planned from its schema. */
async function planOf(schema: object & { readonly name?: string }): Promise<FilePlan> {
  const { model } = await buildTree({ "a.avsc": JSON.stringify(schema) });
  const plan = planFiles(model!, "ts").find(({ path }) => path === `${schema.name?.toLowerCase()}.ts`);
  if (plan === undefined) throw new Error("the record has no file");
  return plan;
}

function membersOf({ declarations }: FilePlan, name: string): object {
  const found = declarations.find((one) => one.kind === "interface" && one.name === name);
  const members = found?.kind === "interface" ? found.members : [];
  return Object.fromEntries(members.map((one) => [one.name, one.kind === "property" ? one.type : ""]));
}

/** Each type with a name of ours, and its text. */
function aliasesOf({ declarations }: FilePlan): object {
  return Object.fromEntries(
    declarations.flatMap((one) => (one.kind === "type" ? [[one.name, one.type]] : [])),
  );
}

describe("a union whose values say their kind", () => {
  const int = '{ readonly kind: "int"; readonly value: number }';
  const string = '{ readonly kind: "string"; readonly value: string }';

  it("is a type of its own, called after the record and the field, whichever order its branches stand in", async () => {
    for (const type of [
      ["null", "int", "string"],
      ["string", "null", "int"],
    ]) {
      const plan = await planOf(
        record(
          "Reading",
          { name: "value", type },
          { name: "byPlace", type: { type: "map", values: type } },
          { name: "all", type: ["null", { type: "array", items: type }] },
        ),
      );
      expect(membersOf(plan, "Reading")).to.deep.equal({
        value: "ReadingValue | null",
        byPlace: "Readonly<Record<string, ReadingByPlaceItem | null>>",
        all: "readonly (ReadingAllItem | null)[] | null",
      });
      const text = type[0] === "string" ? `${string} | ${int}` : `${int} | ${string}`;
      expect(aliasesOf(plan)).to.deep.equal({
        ReadingValue: text,
        ReadingByPlaceItem: text,
        ReadingAllItem: text,
      });
    }
  });

  it("has another type for senders where records are in it, and one for each union inside", async () => {
    const type = [
      record("Card", { name: "brand", type: "string" }),
      { type: "array", items: ["int", "string"] },
    ];
    const plan = await planOf(record("Paid", { name: "by", type }));
    expect(membersOf(plan, "PaidInit")).to.deep.equal({ by: "PaidByInit" });
    const list = '{ readonly kind: "array"; readonly value: readonly PaidByArrayItem[] }';
    expect(aliasesOf(plan)).to.deep.equal({
      PaidBy: `{ readonly kind: "Card"; readonly value: Card } | ${list}`,
      PaidByInit: `{ readonly kind: "Card"; readonly value: CardInit } | ${list}`,
      PaidByArrayItem: `${int} | ${string}`,
    });
  });

  it("is imported where a record of another file is read from what an earlier version wrote", async () => {
    const order = (...kinds: readonly string[]): Record<string, string> => ({
      "order.avsc": JSON.stringify({
        ...record("Order", { name: "line", type: record("Line", { name: "note", type: kinds }) }),
        keryx: { topic: "orders" },
      }),
    });
    const { model: before } = await buildTree(order("int", "string"));
    const drafts = updateLock(emptyLock, before!);
    const events = new Map([...drafts.events].map(([name, one]) => [name, releaseDraft(one).event]));
    const { model } = await buildTree(order("string", "int", "boolean"), {}, { events });
    const plan = planFiles(model!, "ts").find(({ path }) => path === "order.ts");
    expect(plan?.imports.flatMap(({ names }) => names.map(({ name }) => name))).to.include("LineNote");
    const readers = plan?.declarations.flatMap((one) => (one.kind === "function" ? [one.returns] : []));
    expect(readers).to.include("LineNote");
  });

  it("takes no name that the file, the language or another union has, in whatever order the fields stand", async () => {
    const type = ["int", "string"];
    const fields = ["init", "t", "T", "by", "byInit"].map((name) => ({
      name,
      type: name === "by" ? ["int", record("IntT", { name: "t", type: "int" })] : type,
    }));
    for (const ordered of [fields, fields.toReversed()]) {
      const plan = await planOf(record("Int", ...ordered));
      expect(membersOf(plan, "IntInit")).to.deep.equal({
        init: "IntInit$2",
        T: "IntT",
        t: "IntT$2",
        by: "IntByInit",
        byInit: "IntByInit$2",
      });
      expect(aliasesOf(plan)).to.include({
        IntByInit:
          '{ readonly kind: "int"; readonly value: number } | { readonly kind: "IntT"; readonly value: IntTInit }',
      });
      expect(plan.imports.flatMap(({ names }) => names.filter(({ name }) => name === "IntT"))).to.deep.equal([
        { name: "IntT", alias: "IntT$3", typeOnly: true },
      ]);
    }
    const reserved = await planOf(record("Big", { name: "int", type }));
    expect(membersOf(reserved, "Big")).to.deep.equal({ int: "BigInt$" });
  });
});
