import { RegistryRefusal } from "./refusals.ts";

/** Readers of members of a request's body. Unknown members are passed over, null is as good as absent. */

/** A body that is no object, or a member of another kind than it should be. */
export function badRequest(message: string): RegistryRefusal {
  return new RegistryRefusal(400, 400, message);
}

/** An own member; undefined when it is absent or null. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name] ?? undefined;
}

type Read<T> = (value: unknown, name: string) => T;

/** Reads a member that may be absent. */
export function optional<T>(body: unknown, name: string, read: Read<T>): T | undefined {
  const value = member(body, name);
  return value === undefined ? undefined : read(value, name);
}

/** The same as a part of an object, without the member where it is absent. */
export function part<Name extends string, T>(
  body: unknown,
  name: Name,
  read: Read<T>,
): { readonly [K in Name]?: T } {
  const value = optional(body, name, read);
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: T };
}

export const text: Read<string> = (value, name) => {
  if (typeof value !== "string") throw badRequest(`"${name}" is text`);
  return value;
};

export const flag: Read<boolean> = (value, name) => {
  if (typeof value !== "boolean") throw badRequest(`"${name}" is true or false`);
  return value;
};

export const integer: Read<number> = (value, name) => {
  if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) > 2_147_483_647)
    throw badRequest(`"${name}" is a whole number of 32 bits`);
  return value;
};

export const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value, name) => {
    if (!Array.isArray(value)) throw badRequest(`"${name}" is a list`);
    return value.map((one: unknown) => read(one, name));
  };

export const mapOf =
  <T>(read: Read<T>): Read<ReadonlyMap<string, T>> =>
  (value, name) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw badRequest(`"${name}" is an object`);
    return new Map(Object.entries(value).map(([key, one]) => [key, read(one, name)]));
  };
