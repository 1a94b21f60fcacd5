import type { IncomingMessage } from "node:http";
import { KeryxError } from "../../../core/errors.ts";
import { checkJson } from "../../../schema/json-bounds.ts";
import { schemaLimits } from "../../../schema/limits.ts";
import { badRequest } from "../members.ts";
import { RegistryRefusal, refusals } from "../refusals.ts";

const types: ReadonlySet<string> = new Set([
  "application/vnd.schemaregistry.v1+json",
  "application/vnd.schemaregistry+json",
  "application/json",
  "application/octet-stream",
]);
/** A body is flat: rules in lists are the deepest that it holds. Schemas are texts in it. */
const maxDepth = 64;

/** The JSON of a body, undefined when there is none. @throws RegistryRefusal 400, 413 and 415 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const bytes = await collect(request, maxBytes);
  if (bytes.length === 0) return undefined;
  if (type !== "" && !types.has(type)) throw refusals.http(415, "Unsupported Media Type");
  return parse(bytes.toString("utf8"), maxBytes);
}

async function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new RegistryRefusal(413, 413, `The body is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function parse(text: string, maxBytes: number): unknown {
  try {
    checkJson(text, { ...schemaLimits, textBytes: maxBytes, jsonDepth: maxDepth });
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof KeryxError)
      throw badRequest("The body is not JSON, or nested too deeply");
    throw error;
  }
}

/** Whether the client takes what the registry answers in. */
export function isAcceptable(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === "") return true;
  return accept
    .split(",")
    .map((one) => one.split(";", 1)[0]?.trim().toLowerCase() ?? "")
    .some((one) => one === "*/*" || one === "application/*" || types.has(one));
}
