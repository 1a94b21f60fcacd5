import { limitFault, quote, type SchemaLimits } from "../../limits.ts";
import type { ProtoField, ProtoOneof } from "../model.ts";

/** Makes the error of a refusal; `details` are those of a schema error. */
export type Refuse = (message: string, details?: Readonly<Record<string, unknown>>) => Error;

/** What a message has to keep, wherever it was read from. Throws what `refuse` makes. */
export function checkFields(
  message: {
    readonly fullName: string;
    readonly fields: readonly ProtoField[];
    readonly oneofs: readonly ProtoOneof[];
  },
  limits: SchemaLimits,
  refuse: Refuse,
): void {
  if (message.fields.length > limits.fields)
    throw refuse(`${quote(message.fullName)} has more than ${limits.fields} fields.`, limitFault);
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const { name, number } of message.fields) {
    if (names.has(name)) throw refuse(`The field ${quote(name)} stands twice in ${message.fullName}.`);
    if (numbers.has(number)) throw refuse(`The field number ${number} stands twice in ${message.fullName}.`);
    names.add(name);
    numbers.add(number);
  }
  for (const { name } of message.oneofs) {
    if (names.has(name)) throw refuse(`The name ${quote(name)} stands twice in ${message.fullName}.`);
    names.add(name);
  }
}
