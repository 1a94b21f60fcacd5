import { expect } from "chai";
import { breakLines } from "../../../../codegen/emit/layout.ts";

const lines = (...all: readonly string[]): string => all.join("\n");
const long = "aNameThatIsAsLongAsTheyGetInSchemasOfLargeCompanies";

describe("the layout of generated code", () => {
  it("leaves lines alone that fit, and comments and texts, which no layout may touch", () => {
    const text = lines(
      "const short = [1, 2];",
      "",
      `/** ${long.repeat(3)} (a, b) */`,
      `// ${long.repeat(3)} {a; b}`,
      `  "${long}(${long}, ${long})" +`,
      `  '{"a":"${long}","b":"${long}"}'`,
      "",
    );
    expect(breakLines(text)).equals(text);
  });

  it("writes one imported or exported name a line where they do not fit on one, in their order", () => {
    for (const keyword of ["import", "import type", "export", "export type"])
      expect(breakLines(`${keyword} { A, type ${long}, ${long} as b } from "./a.ts";`)).equals(
        lines(`${keyword} {`, "  A,", `  type ${long},`, `  ${long} as b,`, `} from "./a.ts";`),
      );
  });

  it("writes one parameter a line, and breaks a union or the arguments of a type where one is too long, too", () => {
    const branch = (kind: string): string => `{ readonly kind: "${kind}"; readonly value: ${long} }`;
    const union = `${branch("a | b")} | ${branch("(")} | null`;
    expect(
      breakLines(`function f(r: R, value: ${union}, rest: Readonly<Record<string, ${union}>>): ${union} {`),
    ).equals(
      lines(
        "function f(",
        "  r: R,",
        "  value:",
        `    | ${branch("a | b")}`,
        `    | ${branch("(")}`,
        "    | null,",
        "  rest: Readonly<",
        "    Record<",
        "      string,",
        `      | ${branch("a | b")}`,
        `      | ${branch("(")}`,
        "      | null",
        "    >",
        "  >,",
        "):",
        `  | ${branch("a | b")}`,
        `  | ${branch("(")}`,
        "  | null {",
      ),
    );
    expect(breakLines(`  readonly items: readonly (${union})[];`)).equals(
      lines(
        "  readonly items: readonly (",
        `    | ${branch("a | b")}`,
        `    | ${branch("(")}`,
        "    | null",
        "  )[];",
      ),
    );
    expect(breakLines(`  readonly ${long}?: ${union};`)).equals(
      lines(`  readonly ${long}?:`, `    | ${branch("a | b")}`, `    | ${branch("(")}`, "    | null;"),
    );
  });

  it("puts what an if or for does below it, and arguments below their call", () => {
    expect(breakLines(`  if (a < b && f(${long}) > c) x = create("a(b", ${long});`)).equals(
      lines(`  if (a < b && f(${long}) > c)`, `    x = create("a(b", ${long});`),
    );
    expect(breakLines(`    x.${long} = read(r, take(r, end), ${long}, own(x, "${long}"));`)).equals(
      lines(
        `    x.${long} = read(`,
        "      r,",
        "      take(r, end),",
        `      ${long},`,
        `      own(x, "${long}"),`,
        "    );",
      ),
    );
  });
});
