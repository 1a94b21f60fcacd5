/** Makes text safe to show: the same one in front of logs, error texts and dead-letter headers. */
export interface Redactor {
  /** Remembers a secret, so that it is masked wherever it appears. Fewer than four characters are not a secret. */
  register(secret: string): void;
  /** The text without registered secrets and without values that stand behind a secret's name. */
  redact(text: string): string;
}

const mask = "***";

/** Names whose values are never shown, in settings and in text. */
export const secretName: RegExp =
  /password|secret|token|sasl|authorization|api[-_]?key|private|cert|pass(phrase)?/i;

// `password=x`, `"token": "x"`, `Authorization: Basic x`; each part is bounded, so that no text makes it slow.
const assignment =
  /((?:password|secret|token|sasl|authorization|api[-_]?key|private|passphrase|passwd)[\w.-]{0,64}["']?\s{0,4}[=:]\s{0,4})((?:basic|bearer)\s{1,4})?("[^"]*"|'[^']*'|[^\s,;&"'}\]]+)/gi;
// Looked for first: most texts hold none of the names, and this is many times faster than the search above.
const assignmentName = /password|secret|token|sasl|authorization|api[-_]?key|private|passphrase|passwd/i;
const urlCredentials = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,256}@/gi;

/** One redactor per app. */
export function createRedactor(): Redactor {
  // Longest first: a secret that contains another is masked whole.
  let secrets: readonly string[] = [];
  return {
    register(secret) {
      if (secret.length < 4 || secrets.includes(secret)) return;
      secrets = [...secrets, secret].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let safe = text;
      for (const secret of secrets) safe = safe.replaceAll(secret, mask);
      if (safe.includes("://")) safe = safe.replace(urlCredentials, `$1${mask}@`);
      return assignmentName.test(safe) ? safe.replace(assignment, `$1$2${mask}`) : safe;
    },
  };
}

const run = 4;

/** Masks every stretch of four characters or more that the text shares with one of the values. */
export function maskShared(text: string, values: Iterable<string>): string {
  const grams = new Set<string>();
  for (const value of values)
    for (let i = 0; i + run <= value.length; i++) grams.add(value.slice(i, i + run));
  if (grams.size === 0) return text;
  let safe = "";
  let masked = 0;
  for (let i = 0; i < text.length; i++) {
    if (grams.has(text.slice(i, i + run)) && i + run <= text.length) {
      if (masked <= i) safe += mask;
      masked = i + run;
    }
    if (i >= masked) safe += text[i];
  }
  return safe;
}
