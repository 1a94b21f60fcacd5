import { quote } from "../../schema/limits.ts";
import type { ProtoField } from "../../schema/proto/model.ts";

// What is "old" in one direction is "new" in the other, so sentences speak of the schema that writes and the one that reads.

/** What one of the two schemas lacks. */
export function only(role: "writing" | "reading", what: string): string {
  return `Only the ${role} schema has the ${what}.`;
}

/** What is one thing in the writing schema and another in the reading one. */
export function changed(subject: string, was: string, is: string): string {
  return `${subject} is written as ${was} and read as ${is}.`;
}

export function nameField({ number, name }: ProtoField): string {
  return `field ${number} ${quote(name)}`;
}

const maxNamed = 5;

/** Names in a sentence, not more of them than one can read. */
export function nameAll(names: Iterable<string>): string {
  const all = [...names];
  const named = all.slice(0, maxNamed).map(quote).join(", ");
  return all.length > maxNamed ? `${named} and ${all.length - maxNamed} more` : named;
}

export function startSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
