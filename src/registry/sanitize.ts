const maxLineLength = 300;

/** Text of the other side, fit for one line of a log or a terminal. */
export function sanitize(text: string, maxLength: number = maxLineLength): string {
  const clipped = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return clipped.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
