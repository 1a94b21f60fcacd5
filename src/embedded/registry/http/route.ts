import type { Registry } from "../registry.ts";

/** What a route answers with status 200, or 204 when there is nothing to say. */
export type Answer =
  | { readonly kind: "json"; readonly value: unknown }
  /** A schema as it is, without quotes. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "nothing" };

/** A request as routes see it. */
export interface Call {
  readonly registry: Registry;
  /** The part of the path that a name in braces stands for, decoded. */
  readonly param: (name: string) => string;
  readonly query: URLSearchParams;
  /** The parsed JSON of the body; undefined without one. */
  readonly body: unknown;
  /** Context of subjects that name none. */
  readonly context: string;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** As the interface is documented, for example `/subjects/{subject}/versions`. */
  readonly path: string;
  readonly handle: (call: Call) => Answer;
}

export function json(value: unknown): Answer {
  return { kind: "json", value };
}

export function isAsked({ query }: Call, flag: string): boolean {
  return query.get(flag)?.toLowerCase() === "true";
}

/** The part of a list that `offset` and `limit` ask for; negative ones are as good as absent. */
export function page<T>({ query }: Call, list: readonly T[]): readonly T[] {
  const read = (name: string): number => {
    const value = Number.parseInt(query.get(name) ?? "", 10);
    return Number.isNaN(value) ? -1 : value;
  };
  const offset = Math.max(read("offset"), 0);
  const limit = read("limit");
  return list.slice(offset, limit < 0 ? undefined : offset + limit);
}
