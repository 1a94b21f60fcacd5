import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`tls/${name}`, import.meta.url), "utf8");

/** An authority of the tests, with certificates for `localhost` and `127.0.0.1` that hold for a hundred years. */
export const testTls: {
  readonly ca: string;
  /** An authority that signed none of them. */
  readonly otherCa: string;
  readonly server: { readonly key: string; readonly cert: string };
  readonly client: { readonly key: string; readonly cert: string };
} = {
  ca: read("ca.pem"),
  otherCa: read("other-ca.pem"),
  server: { key: read("server-key.pem"), cert: read("server.pem") },
  client: { key: read("client-key.pem"), cert: read("client.pem") },
};
