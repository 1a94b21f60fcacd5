import { expect } from "chai";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import type { DevRegistryOptions } from "../../src/embedded/registry/options.ts";

export interface RawAnswer {
  readonly status: number;
  /** Parsed JSON; the text itself where it is none; undefined when empty. */
  readonly body: unknown;
  readonly type: string | null;
}

/** Requests as a client sends them, without any client. */
export interface RawRegistry {
  readonly server: DevRegistry;
  get(path: string, headers?: Record<string, string>): Promise<RawAnswer>;
  post(path: string, body: unknown): Promise<RawAnswer>;
  put(path: string, body: unknown): Promise<RawAnswer>;
  delete(path: string): Promise<RawAnswer>;
  /** Registers and gives the answer's body. Fails unless it is 200. */
  register(
    subject: string,
    body: object,
    query?: string,
  ): Promise<{ id: number; version: number; guid: string }>;
}

const contentType = "application/vnd.schemaregistry.v1+json";

export function rawRegistry(server: DevRegistry): RawRegistry {
  const send = async (path: string, init: RequestInit): Promise<RawAnswer> => {
    const response = await fetch(`${server.url}${path}`, init);
    const text = await response.text();
    let body: unknown = text === "" ? undefined : text;
    try {
      body = text === "" ? undefined : JSON.parse(text);
    } catch {
      // A schema alone is answered as it is.
    }
    return { status: response.status, body, type: response.headers.get("content-type") };
  };
  const sendBody = (method: string) => (path: string, body: unknown) =>
    send(path, {
      method,
      headers: { "content-type": contentType },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const post = sendBody("POST");
  return {
    server,
    get: (path, headers = {}) => send(path, { headers }),
    post,
    put: sendBody("PUT"),
    delete: (path) => send(path, { method: "DELETE" }),
    async register(subject, body, query = "") {
      const answer = await post(`/subjects/${encodeURIComponent(subject)}/versions${query}`, body);
      expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
      return answer.body as { id: number; version: number; guid: string };
    },
  };
}

/** To be called in a `describe`: starts registries that are closed behind each test, which fails when a fault was never hit. */
export function embeddedRegistries(): (options?: DevRegistryOptions) => Promise<RawRegistry> {
  let open: DevRegistry[] = [];
  afterEach(async function () {
    const unused = open.flatMap((server) => server.faults.unused());
    await Promise.all(open.map((server) => server.close()));
    open = [];
    if (this.currentTest?.state !== "failed") expect(unused, "faults that never fired").to.deep.equal([]);
  });
  return async (options = {}) => {
    const server = await createDevRegistry({ log: () => {}, ...options });
    open.push(server);
    return rawRegistry(server);
  };
}

/** An Avro record with these fields. */
export function avroText(name: string, ...fields: readonly object[]): string {
  return JSON.stringify({ type: "record", name, namespace: "test.v1", fields });
}

export const idField = { name: "id", type: "string" };
export const noteField = { name: "note", type: "string", default: "" };
