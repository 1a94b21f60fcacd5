import { limitFault, schemaError } from "../../schema/limits.ts";

/** A place in a schema; text is made of it only where something is told. */
export interface Path {
  readonly above: Path | undefined;
  readonly token: string;
}

export const root: Path = { above: undefined, token: "" };

export function below(path: Path, ...tokens: readonly (string | number)[]): Path {
  return tokens.reduce<Path>((above, token) => ({ above, token: `${token}` }), path);
}

/** A JSON pointer, `/` for the root. No token of a schema needs escaping. */
export function pointerOf(path: Path): string {
  const tokens: string[] = [];
  for (let one: Path | undefined = path; one?.above !== undefined; one = one.above) tokens.push(one.token);
  return `/${tokens.toReversed().join("/")}`;
}

// Two texts of the largest size take about a hundred thousand steps, unless they were made to take more.
const maxSteps = 500_000;
// Types inside types are few; types that lead to each other by name can be as many as fit the text.
const maxDepth = 500;

/** Looking symbols up costs a small part of what comparing types does. */
export const symbolsPerStep = 16;

/** Counts steps of a walk. @throws KeryxError `schema_invalid` with `fault: "limit"` when it goes too far or too deep */
export type Spend = (steps: number, depth?: number) => void;

export function createAllowance(): Spend {
  let left = maxSteps;
  return (steps, depth = 0) => {
    left -= steps;
    if (left < 0) throw refusal(`takes more than ${maxSteps} steps`);
    if (depth > maxDepth) throw refusal(`goes more than ${maxDepth} types deep`);
  };
}

function refusal(what: string): Error {
  return schemaError(`Comparing the schemas ${what}.`, { line: 1, column: 1 }, [], limitFault);
}
