import { z } from "zod";
import { KeryxError } from "../core/errors.ts";

/** Who we are to the registry. Credentials never stand in the URL. */
export type RegistryAuth =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "bearer";
      /** The token, or (from code only) a function that gives one: asked before each request, so let it keep its token. */
      readonly token: string | (() => string | Promise<string>);
      /** Sent as `target-sr-cluster`, for hosted registries that ask for it. Default: not sent. */
      readonly logicalCluster?: string;
    };

/** How the schema registry is reached. */
export interface RegistryOptions {
  /** Base URL, or several of one registry: the next one is asked only after a passing failure. Required. */
  readonly url: string | readonly string[];
  /** Default: none. */
  readonly auth?: RegistryAuth;
  /** May producers register missing schemas? Default true; false is look-up only, for teams that register in a deploy step. */
  readonly autoRegister?: boolean;
  /** Registry flavour that compatibility verdicts follow. Default `confluent-8`, the newest released line. */
  readonly dialect?: string;
  /** Asks the registry to compare schemas in normal form, so that order and spacing make no new version. Default true. */
  readonly normalize?: boolean;
  /** Longest wait for one answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Tries after the first one, on passing failures only. Default 3. */
  readonly retries?: number;
  /** First pause between tries; doubles each time, drawn at random from zero up to it. Default 1 s. */
  readonly retryBaseMs?: number;
  /** Longest pause between tries. Default 20 s. */
  readonly retryMaxMs?: number;
  /** How long "there is no such schema" is believed. Default 30 s. */
  readonly negativeCacheMs?: number;
  /** Schemas kept by id, least recently used out first. Default 1,000. */
  readonly maxCachedSchemas?: number;
  /** Requests per second for ids that are not cached, so that a flood of made-up ids cannot flood the registry. Default 5. */
  readonly maxLookupsPerSecond?: number;
}

/** Registry options with every default filled in. */
export interface ResolvedRegistryOptions extends Required<Omit<RegistryOptions, "url">> {
  /** Base URLs without a trailing slash. */
  readonly urls: readonly string[];
}

export const registryDefaults: Required<Omit<RegistryOptions, "url">> = {
  auth: { kind: "none" },
  autoRegister: true,
  dialect: "confluent-8",
  normalize: true,
  timeoutMs: 10_000,
  retries: 3,
  retryBaseMs: 1_000,
  retryMaxMs: 20_000,
  negativeCacheMs: 30_000,
  maxCachedSchemas: 1_000,
  maxLookupsPerSecond: 5,
};

const milliseconds = z.number().int().min(0).max(86_400_000);

export const registryAuthSchema: z.ZodType<RegistryAuth> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("basic"), username: z.string().min(1), password: z.string() }),
  z.strictObject({
    kind: z.literal("bearer"),
    token: z.union([
      z.string().min(1),
      z.custom<() => string | Promise<string>>((value) => typeof value === "function"),
    ]),
    logicalCluster: z.string().min(1).exactOptional(),
  }),
]);

export const registryOptionsSchema: z.ZodType<RegistryOptions> = z.strictObject({
  url: z.union([z.string(), z.array(z.string()).min(1).readonly()]),
  auth: registryAuthSchema.exactOptional(),
  autoRegister: z.boolean().exactOptional(),
  dialect: z.string().min(1).exactOptional(),
  normalize: z.boolean().exactOptional(),
  timeoutMs: milliseconds.min(1).exactOptional(),
  retries: z.number().int().min(0).max(20).exactOptional(),
  retryBaseMs: milliseconds.exactOptional(),
  retryMaxMs: milliseconds.exactOptional(),
  negativeCacheMs: milliseconds.exactOptional(),
  maxCachedSchemas: z.number().int().min(1).max(1_000_000).exactOptional(),
  maxLookupsPerSecond: z.number().min(0.01).max(10_000).exactOptional(),
});

/**
 * Fills in the defaults and checks what holds between options.
 * @throws KeryxError `config_invalid`; the message never repeats a credential.
 */
export function resolveRegistryOptions(options: RegistryOptions): ResolvedRegistryOptions {
  const { url, ...rest } = options;
  const urls = (typeof url === "string" ? [url] : url).map(toBaseUrl);
  if (urls.length === 0) throw new KeryxError("config_invalid", "registry.url is empty");
  return { ...registryDefaults, ...rest, urls };
}

/**
 * Does the level NONE of a subject mean that none is set on it? Apicurio answers NONE for a subject without a level, and
 * setting NONE there removes the level. Its Confluent-compatible interface is known by its path.
 */
export function isNoneUnset(dialect: string, url = ""): boolean {
  return dialect.startsWith("apicurio") || `${url}/`.includes("/apis/ccompat/");
}

function toBaseUrl(text: string): string {
  const url = URL.parse(text);
  // The text itself is not shown: whoever wrote credentials into it should not find them in a log.
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new KeryxError("config_invalid", "registry.url is not an http or https URL");
  if (url.username !== "" || url.password !== "")
    throw new KeryxError("config_invalid", `registry.url of ${url.host} carries credentials`, {
      help: "Move them to `registry.auth`: a URL ends up in logs and error messages.",
    });
  if (url.search !== "" || url.hash !== "")
    throw new KeryxError("config_invalid", `registry.url of ${url.host} carries a query or a fragment`, {
      help: "Give the base URL only, for example http://localhost:8081.",
    });
  return url.href.replace(/\/+$/, "");
}
