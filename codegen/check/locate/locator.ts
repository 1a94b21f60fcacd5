import type { TextSpan } from "../../../src/schema/text-span.ts";

/** Finds in a schema's text what the path of a difference means. */
export interface Locator {
  /** Undefined when this text has nothing at that path, or is no text of lines (a descriptor). */
  exact(path: string): TextSpan | undefined;
  /** The same, else the nearest thing around it that is there. */
  nearest(path: string): TextSpan | undefined;
}
