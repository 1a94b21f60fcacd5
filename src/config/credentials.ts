import type { Redactor } from "../core/redact.ts";
import type { KeryxConfig } from "./config.ts";
import { isSecret } from "./explain.ts";
import { isGroup, type Settings } from "./layers.ts";

/** Tells the redactor every secret of the settings, in each spelling that it may appear in. */
export function registerSecrets(redactor: Redactor, config: Pick<KeryxConfig, "values">): void {
  visit(config.values, [], (secret) => {
    redactor.register(secret);
    redactor.register(encodeURIComponent(secret));
    redactor.register(JSON.stringify(secret).slice(1, -1));
    redactor.register(Buffer.from(secret).toString("base64"));
  });
  registerBasic(redactor, config.values);
}

function visit(values: Settings, above: readonly string[], found: (secret: string) => void): void {
  for (const [key, value] of Object.entries(values)) {
    const path = [...above, key];
    if (isGroup(value)) visit(value, path, found);
    else if (typeof value === "string" && isSecret(path)) found(value);
  }
}

/** Basic authentication travels as base64 of user and password together. */
function registerBasic(redactor: Redactor, values: Settings): void {
  for (const value of Object.values(values)) {
    if (!isGroup(value)) continue;
    const { username, password } = value;
    if (typeof username === "string" && typeof password === "string")
      redactor.register(Buffer.from(`${username}:${password}`).toString("base64"));
    registerBasic(redactor, value);
  }
}
