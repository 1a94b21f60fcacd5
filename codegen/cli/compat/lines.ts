/** A line of input, without its end. */
export type InputLine = { readonly kind: "text"; readonly text: string } | { readonly kind: "too-long" };

/**
 * The lines of a byte stream, in groups as they arrive. A line over the limit is not held, only reported; what is not
 * UTF-8 appears as replacement characters.
 */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<readonly InputLine[]> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const finish = (): InputLine => {
    const isTooLong = size > maxLineBytes;
    const line: InputLine = isTooLong
      ? { kind: "too-long" }
      : { kind: "text", text: Buffer.concat(parts, size).toString("utf8") };
    parts = [];
    size = 0;
    return line;
  };
  const add = (part: Uint8Array): void => {
    size += part.length;
    if (size > maxLineBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  for await (const chunk of input) {
    const lines: InputLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      add(chunk.subarray(from, end));
      lines.push(finish());
      from = end + 1;
    }
    add(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (size > 0) yield [finish()];
}
