import { KeryxError } from "../core/errors.ts";
import type { Answer } from "./failures.ts";

/** One request, to one base URL. */
export interface RegistryRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Path behind the base URL, percent-encoded, with its query. */
  readonly path: string;
  readonly body?: unknown;
}

const contentType = "application/vnd.schemaregistry.v1+json";
const accept = `${contentType}, application/vnd.schemaregistry+json; q=0.9, application/json; q=0.8`;
const maxRedirects = 5;
// A schema of the largest size, each character escaped in JSON, and its references.
const maxAnswerBytes = 8 * 1024 * 1024;

/**
 * Sends one request and reads the whole answer. A redirect to another origin goes on without our credentials.
 * Throws what the platform throws: the caller knows which failures are passing.
 */
export async function sendRequest(
  baseUrl: string,
  request: RegistryRequest,
  authorization: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  const { origin } = new URL(baseUrl);
  let url = `${baseUrl}${request.path}`;
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, {
      method: request.method,
      redirect: "manual",
      signal,
      headers: {
        accept,
        ...(request.body === undefined ? {} : { "content-type": contentType }),
        ...(new URL(url).origin === origin ? authorization : {}),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const next = redirectOf(response, url, request.method);
    if (next === undefined) return { status: response.status, body: await readJson(response, url) };
    await response.body?.cancel();
    if (redirects >= maxRedirects)
      throw new KeryxError("registry_error", `${baseUrl} redirects more than ${maxRedirects} times`);
    url = next;
  }
}

function redirectOf(response: Response, from: string, method: string): string | undefined {
  const keepsMethod = response.status === 307 || response.status === 308;
  const isRedirect = keepsMethod || (response.status >= 301 && response.status <= 303);
  const location = response.headers.get("location");
  if (!isRedirect || location === null) return undefined;
  // The older statuses turn a POST into a GET, which is a different question.
  if (!keepsMethod && method !== "GET") return undefined;
  const next = URL.parse(location, from);
  if (!next || (next.protocol !== "http:" && next.protocol !== "https:"))
    throw new KeryxError("registry_error", `${new URL(from).host} redirects to something that is not HTTP`);
  next.username = "";
  next.password = "";
  return next.href;
}

async function readJson(response: Response, url: string): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream, so an endless answer ends here.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes)
      throw new KeryxError(
        "schema_invalid",
        `an answer of ${new URL(url).host} exceeds ${maxAnswerBytes} bytes`,
      );
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    return undefined;
  }
}
