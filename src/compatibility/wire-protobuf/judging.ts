import type { Direction } from "../difference.ts";
import type { ProtobufWireKind } from "./kinds.ts";
import type { EnumView, MessageView, NamedView } from "./model.ts";

/** Takes what is found, with its place and a sentence about it. */
export type Report = (kind: ProtobufWireKind, path: string, message: string) => void;

/** Takes what is found in one pair of messages. */
export interface Sink {
  readonly report: Report;
  /** Another message stands in the place of one: the first thing in which they differ, where that is known now. */
  replaced(writer: MessageView, reader: MessageView, names: Names): string | undefined;
}

/**
 * What the names of fields say: `free` nothing, as in the entries of a map; `renamed` that a message changed its own;
 * `telling` that another name means something else, because the message is another one.
 */
export type Names = "free" | "renamed" | "telling";

/** One judgement, as the rules see it. */
export interface Judging {
  readonly direction: Direction;
  /** Whether two definitions are the same one, moved or not. */
  isSame(writer: NamedView, reader: NamedView): boolean;
  /** Judges two messages, later and once. */
  visit(writer: MessageView, reader: MessageView): void;
  visitEnums(writer: EnumView, reader: EnumView): void;
  /** A value of the writer's enum that the reader's does not know under the same name and number. */
  missingValue(writer: EnumView, reader: EnumView): EnumView["type"]["values"][number] | undefined;
  /** Counts work; false when there was too much of it. */
  spend(steps: number): boolean;
}
