import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { EventType } from "keryx";
import { planFiles } from "../../codegen/emit/emit.ts";
import { printFiles } from "../../codegen/emit/output.ts";
import type { Lock } from "../../codegen/model/lock.ts";
import type { EventModel } from "../../codegen/model/model.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { writeFiles } from "./generated-code.ts";
import { contractOf, versionOf } from "./locks.ts";
import { buildTree } from "./schema-tree.ts";

/** How a long is held; undefined: as a bigint, without a mark. */
export type Form = "NUMBER" | "STRING" | undefined;
type Held = EventType<{ readonly n: unknown; readonly inner: { readonly n: unknown } }>;

export const forms: readonly Form[] = ["NUMBER", "STRING", undefined];
export const limit: bigint = 2n ** 53n;
/** Longs that a number holds exactly. */
export const safe: readonly bigint[] = [limit - 1n, 1n - limit, 2n ** 31n, -1n, 0n];
/** Longs that it does not. */
export const wide: readonly bigint[] = [limit, limit + 1n, -limit, -limit - 1n, 2n ** 63n - 1n, -(2n ** 63n)];

/** A long as a form has it. */
export function held(form: Form, value: bigint): unknown {
  return form === undefined ? value : form === "NUMBER" ? Number(value) : String(value);
}

/** Every value that a form holds. */
export function valuesOf(form: Form): readonly bigint[] {
  return form === "NUMBER" ? safe : [...safe, ...wide];
}

export const nameOf = (form: Form): string => `Held${form ?? ""}`;
const marked = (form: Form): object => (form === undefined ? {} : { keryx: { long: form } });

/** An event with a long of its own and one in a record, both held in one form; `type` is what their writer has. */
export function schemaOf(form: Form, type: string, more: readonly object[] = []): string {
  const fields = [{ name: "n", type, ...marked(form) }];
  const inner = { type: "record", name: `${nameOf(form)}Inner`, fields };
  return JSON.stringify({
    ...{ type: "record", name: nameOf(form), namespace: "l.v1" },
    keryx: { topic: `held-${form ?? "big"}`, key: "n", id: "inner.n" },
    fields: [...fields, { name: "inner", type: inner }, ...more],
  });
}

/** What an earlier version had: ints at first, then longs and a field that is gone. */
export const earlier = {
  ints: (form: Form): string => withoutMarks(schemaOf(form, "int")),
  longs: (form: Form): string => withoutMarks(schemaOf(form, "long", [{ name: "gone", type: "long" }])),
};

export function withoutMarks(schema: string): string {
  return JSON.stringify(JSON.parse(schema, (key, value) => (key === "keryx" ? undefined : value)));
}

const added = (form: Form): readonly object[] => [
  { name: "byDefault", type: "long", default: -9007199254740991, ...marked(form) },
  { name: "list", type: { type: "array", items: ["null", "long"] }, default: [], ...marked(form) },
];

/** One event for each form, with its generated code. */
export interface HeldLongs {
  event(form: Form): Held;
  /** Text of its generated file. */
  text(form: Form): string;
  model(form: Form): EventModel;
  /** A complete value that has the number in both places. */
  value(form: Form, value: bigint): never;
  remove(): void;
}

export async function generateHeldLongs(): Promise<HeldLongs> {
  const contracts = forms.map((form) => {
    const versions = [versionOf(earlier.ints(form)), versionOf(earlier.longs(form))];
    return [
      `l.v1.${nameOf(form)}`,
      { released: contractOf(`held-${form ?? "big"}-value`), versions },
    ] as const;
  });
  const lock: Lock = { events: new Map(contracts) };
  const files = forms.map((form) => [`${nameOf(form)}.avsc`, schemaOf(form, "long", added(form))] as const);
  const { model, diagnostics } = await buildTree(Object.fromEntries(files), {}, lock);
  expect(diagnostics).deep.equals([]);
  const { folder, remove } = writeFiles(await printFiles(planFiles(model, "ts")));
  const parts = new Map<Form, { event: Held; text: string; model: EventModel }>();
  for (const form of forms) {
    const path = join(folder, "l", "v1", `held${form === undefined ? "" : `-${form.toLowerCase()}`}.ts`);
    const event = (await import(pathToFileURL(path).href))[nameOf(form)] as Held;
    const own = model.events.find(({ name }) => name === event.name) ?? expect.fail(path);
    parts.set(form, { event, text: readFileSync(path, "utf8"), model: own });
  }
  const of = (form: Form) => parts.get(form) ?? expect.fail(nameOf(form));
  return {
    event: (form) => of(form).event,
    text: (form) => of(form).text,
    model: (form) => of(form).model,
    value: (form, value) =>
      of(form).event.codec.create({ n: held(form, value), inner: { n: held(form, value) } }) as never,
    remove,
  };
}

/** Code, reason and path of a refusal. */
export function refusalOf(work: () => unknown): object {
  try {
    work();
  } catch (error) {
    expect(error).instanceOf(KeryxError);
    const { code, details } = error as KeryxError;
    return { code, reason: details["reason"], path: details["path"] };
  }
  return expect.fail("nothing was refused");
}
