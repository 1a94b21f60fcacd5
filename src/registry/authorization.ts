import { KeryxError } from "../core/errors.ts";
import { createRedactor } from "../core/redact.ts";
import type { RegistryAuth } from "./options.ts";

/** The headers that say who we are. */
export interface Authorizer {
  /** Asked before each request, so that a provider can renew its token. Gives up with the signal. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Masks our credentials in what the other side says: it may echo a request. */
  redact(text: string): string;
}

/** @throws `config_invalid` when a credential cannot stand in a header; the message never repeats it */
export function createAuthorizer(auth: RegistryAuth): Authorizer {
  switch (auth.kind) {
    case "none":
      return authorizer(async () => ({}), []);
    case "basic": {
      const pair = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
      return authorizer(async () => ({ authorization: `Basic ${pair}` }), [auth.password, pair]);
    }
    case "bearer": {
      const { token, logicalCluster } = auth;
      const cluster: Record<string, string> =
        logicalCluster === undefined
          ? {}
          : { "target-sr-cluster": checkHeader(logicalCluster, "logicalCluster") };
      const secrets = [typeof token === "string" ? checkHeader(token, "token") : ""];
      return authorizer(async (signal) => {
        if (typeof token !== "string") secrets[0] = checkHeader(await ask(token, signal), "token");
        return { ...cluster, authorization: `Bearer ${secrets[0]}` };
      }, secrets);
    }
  }
}

function authorizer(headers: Authorizer["headers"], secrets: readonly string[]): Authorizer {
  return {
    headers,
    redact(text) {
      const redactor = createRedactor();
      for (const secret of secrets) redactor.register(secret);
      return redactor.redact(text);
    },
  };
}

async function ask(provider: () => string | Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await Promise.race([provider(), aborted(signal)]);
  } catch (cause) {
    throw new KeryxError("registry_unauthorized", "the token provider of registry.auth failed", { cause });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

// The platform's own refusal of such a header would print it.
function checkHeader(value: unknown, name: string): string {
  if (typeof value === "string" && /^[\x21-\x7e]+$/.test(value)) return value;
  throw new KeryxError(
    "config_invalid",
    `registry.auth.${name} is empty or has characters that a header cannot hold`,
  );
}
