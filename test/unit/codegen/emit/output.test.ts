import { expect } from "chai";
import { type Declaration, header, printFiles } from "../../../../codegen/emit/output.ts";

const doc = {};
const app = ["app", "App"] as const;

describe("the printer", () => {
  it("prints each kind of import and declaration, sets declarations apart, and keeps re-exports together", () => {
    const declarations: readonly Declaration[] = [
      { kind: "export", names: ["b"], types: ["B"], from: "./b.ts" },
      { kind: "export", names: [], types: ["C"], from: "./b.ts" },
      { kind: "namespace", name: "d", from: "./d.ts" },
      { kind: "type", name: "D", doc: { text: "A type." }, type: "string | null" },
      {
        kind: "interface",
        name: "E",
        doc: { text: "Two\nlines." },
        members: [
          { kind: "method", name: "f", doc, optional: false, parameters: [app], returns: "void" },
          {
            ...{ kind: "method", name: "g", doc: { text: "Method." }, optional: true, returns: "D" },
            parameters: [app, ["options", "O", "optional"]],
          },
          { kind: "property", name: '"a-b"', doc: { deprecated: true }, optional: true, type: "D" },
        ],
      },
      { kind: "const", name: "h", doc, exported: true, type: "D", value: "{\n  a: 1,\n}" },
      {
        ...{ kind: "function", name: "i", doc, exported: false, returns: "number" },
        parameters: [app, ["depth", "number", "0"], ["rest", "D", "?"]],
        body: ["if (depth > 0) {\n  i(app);\n}", "", "return 0;"],
      },
    ];
    const imports = [
      { from: "a", names: [], namespace: { name: "a", typeOnly: false } },
      { from: "b", names: [], namespace: { name: "pb", typeOnly: true } },
      { from: "c", names: [{ name: "X", alias: "X$2", typeOnly: true }] },
      {
        from: './"quoted".ts',
        names: [
          { name: "Y", typeOnly: true },
          { name: "z", alias: "z$2", typeOnly: false },
        ],
      },
    ];
    expect(printFiles([{ path: "x.ts", imports, declarations }])).deep.equals([
      {
        path: "x.ts",
        text: `${header}
import * as a from "a";
import type * as pb from "b";
import type { X as X$2 } from "c";
import { type Y, z as z$2 } from "./\\"quoted\\".ts";

export { b, type B } from "./b.ts";
export type { C } from "./b.ts";
export * as d from "./d.ts";

/** A type. */
export type D = string | null;

/**
 * Two
 * lines.
 */
export interface E {
  /** @deprecated */
  readonly "a-b"?: D;
  f(app: App): void;
  /** Method. */
  g?(app: App, options?: O): D;
}

export const h: D = {
  a: 1,
};

function i(app: App, depth: number = 0, rest?: D): number {
  if (depth > 0) {
    i(app);
  }

  return 0;
}
`,
      },
    ]);
    expect(printFiles([])).deep.equals([]);
  });
});
