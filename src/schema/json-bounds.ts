import { limitFault, type SchemaLimits, schemaError } from "./limits.ts";

/**
 * Size and depth of a JSON text, to be checked before a parser runs that recurses.
 * @throws KeryxError `schema_invalid`
 */
export function checkJson(text: string, limits: SchemaLimits): void {
  if (text.length > limits.textBytes || Buffer.byteLength(text) > limits.textBytes)
    throw schemaError(
      `The text is larger than ${limits.textBytes} bytes.`,
      { line: 1, column: 1 },
      [],
      limitFault,
    );
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22 || code === 0x0a || code === 0x0d) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > limits.jsonDepth)
        throw schemaError("The text is nested too deeply.", place(text, i), [], limitFault);
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}

function place(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
