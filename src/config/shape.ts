import { z } from "zod";
import { consumerOptionsSchema } from "../consumer/options.ts";
import { producerOptionsSchema } from "../producer/options.ts";
import { registryOptionsSchema } from "../registry/options.ts";
import { transportSchema } from "../transport/options.ts";
import { ownSettingsSchema } from "./settings.ts";

/** Which keys may stand below a setting and what its value may be; read from the schemas, so that nothing is said twice. */
export interface Shape {
  readonly types: ReadonlySet<string>;
  readonly members: ReadonlyMap<string, Shape>;
  /** Shape behind free names, as in `topics`. */
  readonly each: Shape | undefined;
  readonly items: Shape | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** The shape of all settings. */
export function buildShape(): Shape {
  const own = toShape(ownSettingsSchema);
  const members = new Map([...toShape(transportSchema).members, ...own.members]);
  members.set("registry", withTypes(toShape(registryOptionsSchema), ["string", "array"]));
  members.set("producer", toShape(producerOptionsSchema));
  const consumer = toShape(consumerOptionsSchema);
  members.set("consumer", { ...consumer, members: without(consumer.members, "group") });
  return { ...own, members };
}

/** The shape of the settings that one schema describes. */
export function toShape(schema: z.ZodType): Shape {
  return fromJson(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
}

function withTypes(shape: Shape, more: readonly string[]): Shape {
  return { ...shape, types: new Set([...shape.types, ...more]) };
}

function without(members: ReadonlyMap<string, Shape>, name: string): ReadonlyMap<string, Shape> {
  return new Map([...members].filter(([key]) => key !== name));
}

function fromJson(json: unknown): Shape {
  if (!isJson(json)) return { types: new Set(), members: new Map(), each: undefined, items: undefined };
  const types = new Set<string>();
  const members = new Map<string, Shape>();
  let each: Shape | undefined;
  let items: Shape | undefined;
  for (const choice of [json["anyOf"], json["oneOf"]].flat().filter(isJson)) {
    const inner = fromJson(choice);
    for (const type of inner.types) types.add(type);
    for (const [name, member] of inner.members) members.set(name, join(members.get(name), member));
    each ??= inner.each;
    items ??= inner.items;
  }
  for (const type of [json["type"]].flat())
    if (typeof type === "string") types.add(type === "integer" ? "number" : type);
  for (const value of [json["const"], json["enum"]].flat()) if (value !== undefined) types.add(typeof value);
  if (isJson(json["properties"]))
    for (const [name, member] of Object.entries(json["properties"])) members.set(name, fromJson(member));
  if (isJson(json["additionalProperties"])) each = fromJson(json["additionalProperties"]);
  if (isJson(json["items"])) items = fromJson(json["items"]);
  return { types, members, each, items };
}

function join(a: Shape | undefined, b: Shape): Shape {
  if (!a) return b;
  return { ...b, types: new Set([...a.types, ...b.types]), members: new Map([...a.members, ...b.members]) };
}
